"""The health of the active model: its age, and the videos that it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.conf import settings
from django.utils import timezone

from recommender.ml.models import registry
from recommender.ml.store.artifact import ArtifactError
from recommender.models import ModelRun
from recommender.registry.activation import MODELS, active_run
from videos.models import Video


@dataclass(frozen=True)
class Status:
    """`fault` names what is broken, or is empty. `stale`: a training is overdue.
    `vectors` counts videos that the model knows, `missing` visible ones it does not.
    """

    run: ModelRun | None
    fault: str
    age: timedelta | None
    stale: bool
    vectors: int
    visible: int
    missing: int


def status() -> Status:
    run = active_run(MODELS)
    visible = np.fromiter(Video.objects.listed().values_list("pk", flat=True), np.int64)
    known = np.empty(0, np.int64)
    fault, age = "", None
    if run is None:
        fault = "No run is active: feeds rank by popularity. Run train_model."
    else:
        age = timezone.now() - run.created_at
        try:
            known = registry.load(run.folder).item_ids
        except ArtifactError as error:
            fault = f"{error}. Run rollback_model or train_model."
    return Status(
        run=run,
        fault=fault,
        age=age,
        stale=age is not None and age > 2 * settings.RETRAIN_EVERY,
        vectors=len(known),
        visible=len(visible),
        missing=len(np.setdiff1d(visible, known)),
    )
