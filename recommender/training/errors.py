"""How a training fails."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from recommender.models import Run


class TrainingError(Exception):
    """Training cannot start or continue; the message says why and what to do."""


@contextmanager
def marked_failed_on_error(run: Run) -> Iterator[None]:
    """If the block raises, mark `run` failed with the reason, delete its artifact."""
    try:
        yield
    except BaseException as error:
        shutil.rmtree(run.folder, ignore_errors=True)
        interrupted = isinstance(error, KeyboardInterrupt | SystemExit)
        run.state = Run.State.FAILED
        run.note = "Interrupted." if interrupted else str(error) or repr(error)
        run.finished_at = timezone.now()
        run.save()
        raise
