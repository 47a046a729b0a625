"""The newest interactions of one person, by external ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.ml.data.snapshot import (
    Edges,
    FloatArray,
    GraphSnapshot,
    IntArray,
    TimeArray,
    positions,
)

SMALL = 100_000  # entries of a matrix


@dataclass(frozen=True, eq=False)
class Trail:
    """Parallel (n,) arrays: ids, weights and Unix times, in any order."""

    ids: IntArray
    weight: FloatArray
    time: TimeArray

    @classmethod
    def from_ids(
        cls,
        ids: npt.ArrayLike,
        weight: npt.ArrayLike = 1.0,
        time: npt.ArrayLike = 0.0,
    ) -> Trail:
        """Build from sequences; a scalar applies to every row."""
        array = np.asarray(ids, np.int64).reshape(-1)
        return cls(
            array,
            np.broadcast_to(np.asarray(weight, np.float32), array.shape),
            np.broadcast_to(np.asarray(time, np.float64), array.shape),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def index(self, key: int) -> int:
        """The first row of an id; raises `ValueError` if it is missing."""
        return int(self.ids.tolist().index(key))

    def select(self, rows: IntArray) -> Trail:
        """These rows, in this order."""
        return Trail(self.ids[rows], self.weight[rows], self.time[rows])

    def without(self, row: int) -> Trail:
        """The trail without ``row``."""
        return self.select(np.delete(np.arange(len(self)), row))


EMPTY = Trail.from_ids(())


@dataclass(frozen=True, eq=False)
class UserHistory:
    """One person at one moment: the only input about a user that models get.

    The weights of ``watched`` are engagement scores (models ignore rows of weight 0),
    ``follows`` holds ids of creators, ``interests`` ids of parent categories. The
    newest 50 watches are enough. Without ``user_id``, models with a vector for each id
    use the history alone.
    """

    watched: Trail = field(default=EMPTY)
    liked: Trail = field(default=EMPTY)
    not_interested: Trail = field(default=EMPTY)
    follows: Trail = field(default=EMPTY)
    interests: Trail = field(default=EMPTY)
    user_id: int | None = None

    def trail(self, relation: str) -> Trail:
        """The trail of a ``relation`` of the graph."""
        trail: Trail = getattr(self, _field(relation))
        return trail

    def without(self, relation: str, row: int) -> UserHistory:
        """The history without one row of a trail."""
        changes: dict[str, Any] = {_field(relation): self.trail(relation).without(row)}
        return replace(self, **changes)


def _field(relation: str) -> str:
    return {"recent": "watched", "interested_in": "interests"}.get(relation, relation)


def histories(snapshot: GraphSnapshot, users: IntArray) -> list[UserHistory]:
    """The histories of dense ``users`` in ``snapshot``."""
    columns = {
        "watched": _trails(snapshot.watched, snapshot.item_ids, users),
        "liked": _trails(snapshot.liked, snapshot.item_ids, users),
        "not_interested": _trails(snapshot.not_interested, snapshot.item_ids, users),
        "follows": _trails(snapshot.follows, snapshot.user_ids, users),
        "interests": _trails(snapshot.interested_in, snapshot.parent_ids, users),
    }
    return [
        UserHistory(
            user_id=int(snapshot.user_ids[user]),
            **{name: trails[row] for name, trails in columns.items()},
        )
        for row, user in enumerate(users)
    ]


def _trails(edges: Edges, ids: IntArray, users: IntArray) -> Sequence[Trail]:
    start = np.searchsorted(edges.source, users, "left")
    stop = np.searchsorted(edges.source, users, "right")
    return [
        Trail(ids[edges.target[a:b]], edges.weight[a:b], edges.time[a:b])
        for a, b in zip(start, stop, strict=True)
    ]


def watch_matrix(
    item_ids: IntArray, states: Sequence[UserHistory], *, recency: float = 0.0
) -> sparse.csr_array:
    """(states, items): 1 where a known item was watched, or its `recency_weights`."""
    columns = [positions(item_ids, state.watched.ids) for state in states]
    row = np.repeat(np.arange(len(states)), [len(each) for each in columns])
    column = np.concatenate([*columns, np.empty(0, np.int64)])
    weight = np.concatenate([*(s.watched.weight for s in states), np.empty(0)])
    time = np.concatenate([*(s.watched.time for s in states), np.empty(0)])
    known = (column >= 0) & (weight > 0)
    row, column = row[known], column[known]
    counts = np.bincount(row, minlength=len(states))
    return sparse.csr_array(
        (
            recency_weights(row, time[known], recency),
            column,
            np.concatenate([[0], np.cumsum(counts)]),
        ),
        shape=(len(states), len(item_ids)),
    )


def few_columns(matrix: sparse.csr_array) -> tuple[IntArray, Any]:
    """The columns (n,) of a sparse ``matrix`` that have entries, and the matrix with
    only these columns: dense if it is small, which is faster."""
    columns, place = np.unique(matrix.indices, return_inverse=True)
    shape = (matrix.shape[0], len(columns))
    if shape[0] * shape[1] > SMALL:
        return columns, sparse.csr_array((matrix.data, place, matrix.indptr), shape)
    dense = np.zeros(shape, np.float32)
    row = np.repeat(np.arange(shape[0]), np.diff(matrix.indptr))
    np.add.at(dense, (row, place), matrix.data)
    return columns, dense


def recency_weights(owner: IntArray, time: TimeArray, recency: float) -> FloatArray:
    """(n,): e^(-r / ``recency``) for the r-th newest row of each owner, from r = 0;
    all 1 when ``recency`` is 0."""
    if not recency:
        return np.ones(len(owner), np.float32)
    return np.exp(-recency_ranks(owner, time) / recency).astype(np.float32)


def recency_ranks(owner: IntArray, time: TimeArray) -> IntArray:
    """(n,): how many rows of the same owner are newer; ties in order of rows."""
    order = np.lexsort((-np.arange(len(owner)), -time, owner))
    first = np.searchsorted(owner[order], owner[order], "left")
    newer = np.empty(len(owner), np.int64)
    newer[order] = np.arange(len(owner)) - first
    return newer
