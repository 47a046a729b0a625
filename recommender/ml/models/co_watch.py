"""Item-item co-watch: cosine between the columns of the user-item matrix.

Item-based collaborative filtering (Sarwar et al., WWW 2001), with shrinkage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy import sparse

from recommender.ml.data.history import UserHistory
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray, positions
from recommender.ml.models.base import Model, Parts, Progress
from recommender.ml.store.artifact import Artifact
from recommender.ml.train.budget import check

ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Config:
    """The number of ``neighbours`` of an item; ``shrinkage`` is added to the product of
    norms, so that one or two common watches do not make a cosine of 1."""

    neighbours: int = 200
    shrinkage: float = 5.0


class CoWatch(Model):
    """Sum of similarities to the watched items, weighted by engagement."""

    name = "co_watch"

    def __init__(
        self, item_ids: IntArray, similarity: sparse.csr_array, config: Config
    ) -> None:
        self.item_ids = item_ids
        self._similarity = similarity
        self._config = config

    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        product = _watch_matrix(self.item_ids, states) @ self._similarity
        return np.asarray(product.toarray(), np.float32)

    def parts(self) -> Parts:
        return Parts(
            arrays={
                "item_ids": self.item_ids,
                "similarity_indptr": self._similarity.indptr,
                "similarity_indices": self._similarity.indices,
                "similarity_data": self._similarity.data,
            },
            documents={"co_watch": asdict(self._config)},
        )

    def renewed(self, snapshot: GraphSnapshot) -> CoWatch:
        return fit(snapshot, self._config)


def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress | None = None
) -> CoWatch:
    """Compute the similarities of each item to its nearest ``neighbours``.

    Raises `OutOfTimeError` past the budget.
    """
    watched = snapshot.watched
    matrix = sparse.csr_array(
        (watched.weight, (watched.source, watched.target)),
        shape=(snapshot.n_users, snapshot.n_items),
    )
    transposed = matrix.T.tocsr()
    norms = np.sqrt(transposed.multiply(transposed).sum(1)).astype(np.float32)
    blocks = []
    for start in range(0, snapshot.n_items, ROWS_AT_ONCE):
        check("the similarities of videos")
        block = (transposed[start : start + ROWS_AT_ONCE] @ matrix).tocoo()
        row = block.row + start
        value = block.data / (norms[row] * norms[block.col] + config.shrinkage)
        block = sparse.csr_array(
            (np.where(row == block.col, 0, value), (block.row, block.col)),
            shape=block.shape,
        )
        blocks.append(strongest(block, config.neighbours))
    shape = (snapshot.n_items, snapshot.n_items)
    similarity = (
        sparse.vstack(blocks, format="csr") if blocks else sparse.csr_array(shape)
    )
    return CoWatch(snapshot.item_ids, similarity.astype(np.float32), config)


def load(artifact: Artifact) -> CoWatch:
    """Load the arrays and documents of `CoWatch.parts`."""
    item_ids = artifact.array("item_ids")
    names = ("similarity_data", "similarity_indices", "similarity_indptr")
    return CoWatch(
        item_ids,
        sparse.csr_array(
            tuple(artifact.array(name) for name in names),
            shape=(len(item_ids), len(item_ids)),
        ),
        Config(**artifact.document("co_watch")),
    )


def strongest(block: sparse.csr_array, count: int) -> sparse.csr_array:
    """The ``count`` greatest positive entries of each row."""
    row = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
    order = np.lexsort((-block.data, row))
    rank = np.arange(len(order)) - block.indptr[row[order]]
    chosen = order[(rank < count) & (block.data[order] > 0)]
    return sparse.csr_array(
        (block.data[chosen], (row[chosen], block.indices[chosen])), shape=block.shape
    )


def _watch_matrix(
    item_ids: IntArray, states: Sequence[UserHistory]
) -> sparse.csr_array:
    """(len(states), n_items): engagement scores of known items."""
    columns = [positions(item_ids, state.watched.ids) for state in states]
    row = np.repeat(np.arange(len(states)), [len(each) for each in columns])
    column = np.concatenate([*columns, np.empty(0, np.int64)])
    weight = np.concatenate([*(s.watched.weight for s in states), np.empty(0)])
    known = column >= 0
    return sparse.csr_array(
        (weight[known].astype(np.float32), (row[known], column[known])),
        shape=(len(states), len(item_ids)),
    )
