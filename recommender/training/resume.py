"""Trainings that were interrupted, and the data to resume them from.

While a model trains, its folder in `CHECKPOINTS_DIR` holds its snapshot and newest
checkpoints. The folder is deleted when the run succeeds or fails; only a run that was
killed or stopped by hand leaves it.
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
    """The newest run of `model`, if it was interrupted with these settings, has a
    checkpoint, and its data are younger than `RETRAIN_EVERY`."""
    run = ModelRun.objects.filter(model=model).first()
    if run is None or run.state not in (ModelRun.State.TRAINING, ModelRun.State.FAILED):
        return None
    fresh = timezone.now() - run.created_at < settings.RETRAIN_EVERY
    same = run.config == json.loads(json.dumps(config))
    return run if fresh and same and checkpoints.exist_in(_folder(run)) else None


@contextmanager
def checkpoints_of(run: ModelRun) -> Iterator[None]:
    """Keep checkpoints of the trainings in the block until it succeeds or fails."""
    seconds = settings.CHECKPOINT_EVERY.total_seconds()
    try:
        with checkpoints.stored_in(_folder(run), seconds=seconds):
            yield
    except Exception:
        delete_checkpoints(run)
        raise
    delete_checkpoints(run)


def snapshot_of(run: ModelRun, take: Callable[[], GraphSnapshot]) -> GraphSnapshot:
    """The snapshot that the run was trained on before it was interrupted, else a new
    one."""
    folder = _folder(run) / "snapshot"
    if folder.exists():
        try:
            return GraphSnapshot.load(folder)
        except SnapshotError as error:
            logger.warning("Run %s starts from the beginning: %s", run, error)
            shutil.rmtree(folder)
    graph = take()
    if registry.MODELS[run.model].checkpoints:
        graph.save(folder)
    return graph


def delete_checkpoints(run: ModelRun) -> None:
    """Delete the run's checkpoints and snapshot."""
    shutil.rmtree(_folder(run), ignore_errors=True)


def delete_stale_checkpoints() -> None:
    """Delete checkpoints of runs older than `RETRAIN_EVERY`."""
    fresh = set(
        ModelRun.objects.filter(
            created_at__gt=timezone.now() - settings.RETRAIN_EVERY
        ).values_list("run_id", flat=True)
    )
    for folder in settings.CHECKPOINTS_DIR.glob("*"):
        if folder.name not in fresh:
            shutil.rmtree(folder, ignore_errors=True)


def _folder(run: ModelRun) -> Path:
    folder: Path = settings.CHECKPOINTS_DIR / run.run_id
    return folder
