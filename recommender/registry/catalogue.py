"""The catalogue that this process serves: the newest one that was stored, and videos
that changed since.

Processes look for a newer one, and for changed videos, once a second at most. A
process builds the catalogue itself where no job has lately.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from django.conf import settings
from django.utils import timezone

from recommender.dataset import catalogue as dataset
from recommender.ml.data.catalogue import Catalogue, Label, Part
from recommender.registry.serving import CHECK_EVERY, Refreshed
from videos.models import Video

logger = logging.getLogger(__name__)

OVERLAP = timedelta(seconds=30)  # a commit may come later than its updated_at
MOST_CHANGED = 2000  # changed videos that a process adds; more wait for the next build


class _Served:
    """The catalogue in memory, and the videos that were known to have changed."""

    def __init__(self) -> None:
        self._root: Path | None = None
        self._current: Catalogue | None = None
        self._changed_at: datetime | None = None  # of the newest changed video

    def read(self) -> Catalogue:
        current = self._built()
        return self._with_changes(current)

    def _built(self) -> Catalogue:
        """The catalogue in memory unless a newer one is stored or it is too old."""
        if self._root != settings.CATALOGUE_DIR:
            self._root, self._current = settings.CATALOGUE_DIR, None
        current = self._current
        stored = next(iter(dataset.folders()), None)
        now = timezone.now().timestamp()
        oldest = now - settings.CATALOGUE_MAX_AGE.total_seconds()
        if stored is not None and dataset.built_at(stored) >= oldest:
            at = dataset.built_at(stored)
            if current is not None and current.built.built_at >= at - 1e-3:
                return current
            try:
                part, (categories, parents) = dataset.load(stored)
            except OSError as error:
                logger.warning("The stored catalogue cannot be read: %s", error)
            else:
                return self._fresh(part, categories, parents)
        if current is not None and current.built.built_at > oldest:
            return current
        return self.rebuilt()

    def rebuilt(self) -> Catalogue:
        part, (categories, parents) = dataset.build(), dataset.labels()
        return self._fresh(part, categories, parents)

    def _fresh(
        self,
        part: Part,
        categories: Mapping[int, Label],
        parents: Mapping[int, Label],
    ) -> Catalogue:
        self._changed_at = None
        self._current = Catalogue(
            built=part,
            changed=dataset.build(keys=[]),
            superseded=np.empty(0, np.int64),
            categories=categories,
            parents=parents,
            moods=dataset.MOODS,
        )
        return self._current

    def _with_changes(self, current: Catalogue) -> Catalogue:
        since = datetime.fromtimestamp(current.built.built_at, UTC) - OVERLAP
        rows = Video.objects.filter(updated_at__gte=since).order_by("-updated_at")
        changed = list(rows.values_list("pk", "updated_at")[:MOST_CHANGED])
        newest = changed[0][1] if changed else None
        if newest == self._changed_at and len(changed) == len(current.superseded):
            return current
        keys = sorted(key for key, _ in changed)
        categories, parents = dataset.labels()
        self._changed_at = newest
        self._current = replace(
            current,
            changed=dataset.build(keys=keys),
            superseded=np.array(keys, np.int64),
            categories=categories,
            parents=parents,
        )
        return self._current


_served = _Served()
_refreshed = Refreshed(_served.read, root=lambda: settings.CATALOGUE_DIR)


def catalogue() -> Catalogue:
    """The catalogue to make a feed from."""
    if settings.CATALOGUE_MAX_AGE.total_seconds() < CHECK_EVERY:
        return _served.rebuilt()
    return _refreshed.get()
