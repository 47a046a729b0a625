"""Base of linear item-item models: scores are a history times a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from recommender.ml.data.history import UserHistory, few_columns, watch_matrix
from recommender.ml.data.snapshot import FloatArray, IntArray, positions
from recommender.ml.models.base import Model, Parts


class HasRecency(Protocol):
    """Settings with the ``recency`` of `history.recency_weights`."""

    @property
    def recency(self) -> float: ...


C = TypeVar("C", bound=HasRecency)
SOLVE = 0.08  # core seconds for a matrix of a thousand rows, measured


def solve_seconds(n_items: int) -> float:
    """About how long a system of ``n_items`` equations takes on one core."""
    return SOLVE * (n_items / 1000) ** 3


class ItemMatrixModel(Model, Generic[C]):
    """``matrix`` (items, items): the weight of a watched item (row) for another."""

    def __init__(self, item_ids: IntArray, matrix: FloatArray, config: C) -> None:
        self.item_ids = item_ids
        self._matrix = matrix
        self._config = config

    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        watched = watch_matrix(self.item_ids, states, recency=self._config.recency)
        return np.asarray(watched @ self._matrix, np.float32)

    def score_each(
        self, states: Sequence[UserHistory], item_ids: npt.ArrayLike
    ) -> FloatArray:
        place = positions(self.item_ids, item_ids)
        watched = watch_matrix(self.item_ids, states, recency=self._config.recency)
        rows, few = few_columns(watched)
        # Only the wanted entries of the matrix are read.
        part = self._matrix[np.ix_(rows, np.maximum(place, 0))]
        return np.where(place >= 0, few @ part, np.nan).astype(np.float32)

    def parts(self) -> Parts:
        return Parts(
            arrays={"item_ids": self.item_ids, "matrix": self._matrix},
            documents={self.name: vars(self._config)},
        )
