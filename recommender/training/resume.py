"""Trainings that were killed, and what it takes to go on with one.

While a model trains, its folder here holds the snapshot that it learns from and the
newest checkpoints. It goes when the run succeeds or fails: only one that was killed, or
stopped by hand, leaves it behind.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from recommender.ml.data.snapshot import GraphSnapshot, SnapshotError
from recommender.ml.models import registry
from recommender.ml.store import checkpoints
from recommender.models import ModelRun

logger = logging.getLogger(__name__)


def resumable(model: str, config: Mapping[str, Any]) -> ModelRun | None:
    """The newest run of `model`, if it was killed while it trained with these settings,
    and its data are no older than a run's may be."""
    run = ModelRun.objects.filter(model=model).first()
    if run is None or run.state not in (ModelRun.State.TRAINING, ModelRun.State.FAILED):
        return None
    fresh = timezone.now() - run.created_at < settings.RETRAIN_EVERY
    same = run.config == json.loads(json.dumps(config))
    return run if fresh and same and checkpoints.exist_in(_folder(run)) else None


@contextmanager
def kept(run: ModelRun) -> Iterator[None]:
    """Checkpoints of the trainings inside are kept until all are done."""
    seconds = settings.CHECKPOINT_EVERY.total_seconds()
    with checkpoints.stored_in(_folder(run), seconds=seconds):
        yield
    forget(run)


def snapshot_of(run: ModelRun, take: Callable[[], GraphSnapshot]) -> GraphSnapshot:
    """What the run learned from before it was killed; a new one if it had none."""
    folder = _folder(run) / "snapshot"
    if folder.exists():
        try:
            return GraphSnapshot.load(folder)
        except SnapshotError as error:
            logger.warning("Run %s begins anew: %s", run, error)
            shutil.rmtree(folder)
    graph = take()
    if registry.MODELS[run.model].checkpoints:
        graph.save(folder)
    return graph


def forget(run: ModelRun) -> None:
    """Nobody will go on with this run."""
    shutil.rmtree(_folder(run), ignore_errors=True)


def forget_stale() -> None:
    """Nor with any whose data have grown too old."""
    fresh = ModelRun.objects.filter(
        created_at__gt=timezone.now() - settings.RETRAIN_EVERY
    ).values_list("run_id", flat=True)
    for folder in settings.CHECKPOINTS_DIR.glob("*"):
        if folder.name not in set(fresh):
            shutil.rmtree(folder, ignore_errors=True)


def _folder(run: ModelRun) -> Path:
    folder: Path = settings.CHECKPOINTS_DIR / run.run_id
    return folder
