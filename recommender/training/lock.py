"""One training at a time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import timezone

from interactions import advisory_lock
from recommender.models import ModelRun
from recommender.training import resume
from recommender.training.errors import TrainingError

LOCK = 0x666C6F77  # key of the advisory lock ("flow")


@contextmanager
def training_lock() -> Iterator[None]:
    """Hold the right to train; raises `TrainingError` while another training runs."""
    taken = TrainingError("Another training is running; wait for it to end.")
    with advisory_lock.advisory_lock(LOCK, taken=taken):
        _clean_up_interrupted()
        yield


def is_running() -> bool:
    """Whether a process trains right now."""
    return advisory_lock.is_held(LOCK)


def _clean_up_interrupted() -> None:
    """Under the lock, every run that looks unfinished was killed."""
    ModelRun.objects.filter(state=ModelRun.State.TRAINING).update(
        state=ModelRun.State.FAILED, note="Interrupted.", finished_at=timezone.now()
    )
    resume.delete_stale_checkpoints()
    for part in settings.ARTIFACTS_DIR.glob(".*"):
        shutil.rmtree(part, ignore_errors=True)
