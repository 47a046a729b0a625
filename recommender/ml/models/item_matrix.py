"""What linear item-item models share: a matrix that a history is multiplied with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np

from recommender.ml.data.history import UserHistory, watch_matrix
from recommender.ml.data.snapshot import FloatArray, IntArray
from recommender.ml.models.base import Model, Parts


class Fading(Protocol):
    """Settings of such a model: over how many newer watches a watch fades."""

    @property
    def recency(self) -> float: ...


C = TypeVar("C", bound=Fading)


class ItemMatrixModel(Model, Generic[C]):
    """``matrix`` (items, items): what having watched a row says of a column."""

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
