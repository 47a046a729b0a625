"""The nearest items of every item, found once when a run is saved.

A web process then reads a row instead of comparing an item with all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ml.data.snapshot import FloatArray, IntArray, positions
from recommender.ml.store.artifact import Artifact
from recommender.ml.store.vector_index import Hits, VectorIndex
from recommender.ml.train.budget import is_spent

FEWEST_ITEMS = 10_000  # below, all items are compared on request
PER_ITEM = 100
EXACT_LIMIT = 20_000  # items; above, by an index of inverted lists
AT_ONCE = 1000
NONE, NOT_FOUND = -1, -2  # places after the last, and of items without a search
PLACES, COSINES = "neighbour_places", "neighbour_cosines"


@dataclass(frozen=True, eq=False)
class Neighbours:
    """``places`` (n, k) of the nearest in ``item_ids`` (n,), `NONE` after the last, and
    their ``cosines`` (n, k). Rows that no search found are `NOT_FOUND`."""

    item_ids: IntArray
    places: npt.NDArray[np.int32]
    cosines: npt.NDArray[np.float16]

    @classmethod
    def find(
        cls, item_ids: IntArray, units: FloatArray, k: int = PER_ITEM
    ) -> Neighbours:
        """The ``k`` nearest of each of the unit vectors ``units`` (n, d), as far as the
        budget lasts."""
        places = np.full((len(item_ids), k), NOT_FOUND, np.int32)
        cosines = np.zeros((len(item_ids), k), np.float16)
        rows, known = np.arange(len(item_ids)), np.asarray(units.any(axis=1))
        index = VectorIndex.build(rows, units, exact_limit=EXACT_LIMIT)
        for start in range(0, len(rows), AT_ONCE):
            if is_spent():
                break
            batch = slice(start, start + AT_ONCE)
            places[batch] = NONE
            found, scores = index.search_each(units[batch], k + 1)
            # Each is its own nearest, and videos without a vector are nobody's.
            found[(found == rows[batch, None]) | ~known[found]] = NONE
            order = np.argsort(found < 0, axis=1, kind="stable")[:, :k]
            width = order.shape[1]
            places[batch, :width] = np.take_along_axis(found, order, 1)
            cosines[batch, :width] = np.take_along_axis(scores, order, 1)
        places[~known] = NONE
        return cls(item_ids, places, cosines)

    @classmethod
    def load(cls, artifact: Artifact, item_ids: IntArray) -> Neighbours | None:
        """Those that were stored with a run, None if it has none."""
        if f"{PLACES}.npy" not in artifact.manifest.checksums:
            return None
        places, cosines = artifact.array(PLACES), artifact.array(COSINES)
        return cls(item_ids, places, cosines) if len(places) == len(item_ids) else None

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays to store with a run."""
        return {PLACES: self.places, COSINES: self.cosines}

    def of(self, item_id: int, *, k: int, exclude: npt.ArrayLike) -> Hits | None:
        """The ``k`` nearest that are not in ``exclude``; None for an unknown item, or
        one whose nearest were not found in time."""
        row = int(positions(self.item_ids, item_id)[0])
        if row < 0 or self.places[row, 0] == NOT_FOUND:
            return None
        places = self.places[row]
        known = places >= 0
        ids = self.item_ids[places[known]]
        kept = np.flatnonzero(~np.isin(ids, exclude))[:k]
        return Hits(ids[kept], self.cosines[row][known][kept].astype(np.float32))
