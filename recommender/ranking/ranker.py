"""The active ranker in this process, loaded once and swapped when another is activated.

As `recommender.registry.serving` does it for models. A ranker that cannot be read is
said once in the log, and ranks are fused.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from django.conf import settings

from recommender.ml.data.snapshot import FloatArray
from recommender.ml.ranking import lambdarank
from recommender.ml.ranking.lambdarank import LambdaRank
from recommender.ml.store.artifact import Artifact, ArtifactError
from recommender.models import RankerActivation
from recommender.ranking.features import FEATURES, SHOWN, Signals

logger = logging.getLogger(__name__)

CHECK_EVERY = 1.0  # seconds


@dataclass(frozen=True, eq=False)
class Ranker:
    """A learned order of the videos of one list."""

    run_id: str
    learned: LambdaRank

    def score(self, rows: Signals) -> FloatArray:
        """(n,) for rows of `signals.of`, higher is better."""
        return self.learned.score(rows[:, SHOWN].astype("f4"))


@dataclass(frozen=True, eq=False)
class _Served:
    folder: Path | None
    ranker: Ranker | None
    root: Path


_lock = Lock()
_served: _Served | None = None
_checked_at = float("-inf")


def active() -> Ranker | None:
    """The ranker in service, None where ranks are fused."""
    global _served, _checked_at
    root: Path = settings.RANKERS_DIR
    known = _served is not None and _served.root == root
    due = time.monotonic() - _checked_at >= CHECK_EVERY
    # The first request waits for the ranker; later ones never do.
    if (due or not known) and _lock.acquire(blocking=not known):
        try:
            run_id = RankerActivation.objects.values_list("run__run_id", flat=True)
            name = run_id.first()
            folder = root / name if name else None
            if not known or _served is None or _served.folder != folder:
                _served = _Served(folder, _read(folder), root)
            _checked_at = time.monotonic()
        finally:
            _lock.release()
    return _served.ranker if _served is not None else None


def load(folder: Path) -> Ranker:
    """The ranker of an artifact folder; raises `ArtifactError` if it cannot serve."""
    learned = lambdarank.load(Artifact(folder))
    if learned.columns != FEATURES:
        raise ArtifactError(f"{folder} was trained with other columns: train again")
    return Ranker(folder.name, learned)


def _read(folder: Path | None) -> Ranker | None:
    if folder is None:
        return None
    try:
        ranker = load(folder)
    except ArtifactError as error:
        logger.error("Ranks are fused: %s", error)
        return None
    logger.info("Ranking by %s", folder.name)
    return ranker
