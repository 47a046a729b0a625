"""The active run in this process: loaded once, swapped when another is activated.

A request asks `active_model()`. At most once a second that looks at the pointer (the
newest `Activation`) and at what was published since; between, it costs nothing. One
thread loads a new run while the others go on with the old one. Where the run cannot be
read the answer is None, said once in the log, and feeds do without a model.

While an experiment runs, its two runs are held beside the active one; `trial()` gives
them, or None when either cannot be read: half an experiment is none.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

import numpy as np
from django.conf import settings
from django.utils import timezone

from recommender.dataset import snapshot
from recommender.ml.experiments.interleaving import CONTROL, TREATMENT
from recommender.ml.models import registry as models
from recommender.ml.models.base import Inductive, Model
from recommender.ml.store.artifact import ArtifactError
from recommender.models import Activation, Experiment
from videos.models import Video

logger = logging.getLogger(__name__)

CHECK_EVERY = 1.0  # seconds
RETRY_EVERY = 30.0  # seconds, for a run that could not be read
OVERLAP = timedelta(minutes=10)  # a commit may come later than its published_at
DELTA_LIMIT = 500  # new videos placed at one check


@dataclass
class _Served:
    """What this process serves: the run of `folder`, or None in its place."""

    folder: Path | None
    model: Model | None
    published_after: datetime
    read_at: float


@dataclass(frozen=True)
class Trial:
    """The experiment that runs, and the models of its arms by their names."""

    experiment: Experiment
    models: Mapping[str, Model]


_lock = Lock()
_served: _Served | None = None
_experiment: Experiment | None = None
_arms: dict[str, _Served] = {}
_checked_at = -np.inf


def active_model() -> Model | None:
    """The model of the active run, None where there is none or it is unreadable."""
    served = _up_to_date()
    return served.model if served is not None else None


def trial() -> Trial | None:
    """The running experiment with both of its models, None where there is none."""
    _up_to_date()
    experiment, arms = _experiment, _arms
    models = {name: arm.model for name, arm in arms.items() if arm.model is not None}
    if experiment is None or len(models) < 2:
        return None
    return Trial(experiment, models)


def _up_to_date() -> _Served | None:
    global _checked_at
    served = _served
    due = time.monotonic() - _checked_at >= CHECK_EVERY
    foreign = served is not None and not _is_local(served)
    if served is None or due or foreign:
        # The first request waits for the model; later ones never do.
        if _lock.acquire(blocking=served is None or foreign):
            try:
                _refresh()
                _checked_at = time.monotonic()
            finally:
                _lock.release()
        served = _served
    return served


def _refresh() -> None:
    global _served, _experiment, _arms
    run_id = Activation.objects.values_list("run__run_id", flat=True).first()
    running = Experiment.objects.filter(state=Experiment.State.RUNNING)
    experiment = running.select_related("control", "treatment").first()
    held = {each.folder: each for each in (*_arms.values(), _served) if each}

    def up_to_date(run_id: str | None) -> _Served:
        folder = settings.ARTIFACTS_DIR / run_id if run_id else None
        held[folder] = _renewed(held.get(folder), folder)
        return held[folder]

    _served = up_to_date(run_id)
    arms = {}
    if experiment is not None:
        runs = {CONTROL: experiment.control, TREATMENT: experiment.treatment}
        arms = {name: up_to_date(run.run_id) for name, run in runs.items()}
    _experiment, _arms = experiment, arms


def _renewed(served: _Served | None, folder: Path | None) -> _Served:
    """What is held of a run, read if it is not, with the newest videos placed."""
    failed = (
        served is not None
        and served.model is None
        and folder is not None
        and time.monotonic() - served.read_at >= RETRY_EVERY
    )
    if served is None or failed:
        served = _read(folder, known_to_fail=failed)
    _place_new_videos(served)
    return served


def _read(folder: Path | None, *, known_to_fail: bool) -> _Served:
    model = None
    if folder is not None:
        try:
            model = models.load(folder)
        except ArtifactError as error:
            if not known_to_fail:
                logger.error("Feeds do without a model: %s", error)
        else:
            logger.info("Serving run %s", folder.name)
    taken_at = model.manifest.snapshot_taken_at if model is not None else 0.0
    since = datetime.fromtimestamp(taken_at, UTC) - OVERLAP
    return _Served(folder, model, since, time.monotonic())


def _place_new_videos(served: _Served) -> None:
    """Give what was published since the last look its vectors, from features alone."""
    if not isinstance(served.model, Inductive):
        return
    now = timezone.now()
    published = Video.objects.listed().filter(published_at__gt=served.published_after)
    keys = list(
        published.order_by("published_at").values_list("pk", flat=True)[:DELTA_LIMIT]
    )
    new = np.setdiff1d(np.array(keys, np.int64), served.model.item_ids)
    if len(new):
        videos = Video.objects.filter(pk__in=new.tolist())
        served.model.add_items(snapshot.features(videos), time=now.timestamp())
    if len(keys) < DELTA_LIMIT:
        served.published_after = now - OVERLAP


def _is_local(served: _Served) -> bool:
    return served.folder is None or served.folder.parent == settings.ARTIFACTS_DIR
