"""Base of linear item-item models: scores are a history times a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np

from recommender.ml.data.history import UserHistory, watch_matrix
from recommender.ml.data.snapshot import FloatArray, IntArray
from recommender.ml.models.base import Model, Parts


class HasRecency(Protocol):
    """Settings with the ``recency`` of `history.recency_weights`."""

    @property
    def recency(self) -> float: ...


C = TypeVar("C", bound=HasRecency)


class ItemMatrixModel(Model, Generic[C]):
    """``matrix`` (items, items): the weight of a watched item (row) for another."""

    def __init__(self, item_ids: IntArray, matrix: FloatArray, config: C) -> None:
        self.item_ids = item_ids
        self._matrix = matrix
        self._config = config

    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        watched = watch_matrix(self.item_ids, states, recency=self._config.recency)
        return np.asarray(watched @ self._matrix, np.float32)

    def parts(self) -> Parts:
        return Parts(
            arrays={"item_ids": self.item_ids, "matrix": self._matrix},
            documents={self.name: vars(self._config)},
        )
