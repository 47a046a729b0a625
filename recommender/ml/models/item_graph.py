"""The item-item graph of common watches, stored as a sparse factor.

R is the matrix of watches, each divided by the roots of the degrees of user and item.
The graph R^T R is too dense to store; two sparse products multiply by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.ml.data.snapshot import FloatArray, IntArray
from recommender.ml.store.artifact import Artifact


@dataclass(frozen=True, eq=False)
class ItemGraph:
    """``half`` is R, (users, items); ``degree`` (items,) the number of watchers, at
    least 1. Messages from an item are weighted by its degree^-``power``, messages to it
    by its degree^``power``."""

    half: sparse.csr_array
    degree: FloatArray
    power: float = 0.0

    @classmethod
    def from_matrix(cls, half: sparse.csr_array, power: float = 0.0) -> ItemGraph:
        """Build from R; see `lightgcn.serve.normalised`."""
        degree = np.bincount(half.indices, minlength=half.shape[1])
        return cls(half, np.maximum(degree, 1).astype(np.float32), power)

    def send(self, watched: sparse.csr_array) -> sparse.csr_array:
        """(people, items): the messages of the items ``watched``, for `receive`."""
        return watched.multiply(1 / self.degree[None, :] ** self.power).tocsr()

    def receive(
        self, sent: sparse.csr_array, items: IntArray | None = None
    ) -> FloatArray:
        """(people, items): the sums of messages ``sent`` to all or some ``items``."""
        half, degree = self.half, self.degree
        if items is not None:
            half, degree = half[:, items], degree[items]
        sums = ((sent @ self.half.T) @ half).toarray()
        return np.asarray(sums * degree**self.power, np.float32)

    @property
    def own(self) -> FloatArray:
        """(items,): the diagonal of the graph, each item's weight to itself."""
        return np.asarray(self.half.multiply(self.half).sum(0)).ravel()

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """The arrays by name, for an artifact."""
        return {
            "normalised_indptr": self.half.indptr,
            "normalised_indices": self.half.indices,
            "normalised_data": self.half.data,
            "degree": self.degree,
        }

    @classmethod
    def load(cls, artifact: Artifact, power: float) -> ItemGraph:
        """Load the stored `arrays`."""
        data, indices, indptr = (
            np.asarray(artifact.array(f"normalised_{name}"))
            for name in ("data", "indices", "indptr")
        )
        degree = artifact.array("degree")
        shape = (len(indptr) - 1, len(degree))
        half = sparse.csr_array((data, indices, indptr), shape=shape)
        return cls(half, degree, power)
