"""The item-item graph of what the same people watch, held as its two halves.

With R the matrix of watches, each divided by the roots of both its ends' degrees, the
graph is R^T R: too dense to hold, but two sparse products pass anything through it.
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
    """``half`` is R, (users, items); ``degree`` (items,) how many watched each, 1 at
    least. What an item sends counts by its degree^-``power``, what it receives by its
    degree^``power``."""

    half: sparse.csr_array
    degree: FloatArray
    power: float = 0.0

    @classmethod
    def from_matrix(cls, half: sparse.csr_array, power: float = 0.0) -> ItemGraph:
        """Of R, as `lightgcn_inference.normalised` makes it of a snapshot."""
        degree = np.bincount(half.indices, minlength=half.shape[1])
        return cls(half, np.maximum(degree, 1).astype(np.float32), power)

    def sent(self, watched: sparse.csr_array) -> sparse.csr_array:
        """(people, items): what those send who ``watched``; `received` is the other
        end."""
        return watched.multiply(1 / self.degree[None, :] ** self.power).tocsr()

    def received(
        self, sent: sparse.csr_array, items: IntArray | None = None
    ) -> FloatArray:
        """(people, items), or only some of the items, what was ``sent`` to them."""
        half, degree = self.half, self.degree
        if items is not None:
            half, degree = half[:, items], degree[items]
        found = ((sent @ self.half.T) @ half).toarray()
        return np.asarray(found * degree**self.power, np.float32)

    @property
    def own(self) -> FloatArray:
        """(items,): what each item receives of what it sends itself."""
        return np.asarray(self.half.multiply(self.half).sum(0)).ravel()

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """By name, for an artifact."""
        return {
            "normalised_indptr": self.half.indptr,
            "normalised_indices": self.half.indices,
            "normalised_data": self.half.data,
            "degree": self.degree,
        }

    @classmethod
    def load(cls, artifact: Artifact, power: float) -> ItemGraph:
        """As `arrays` stored it."""
        data, indices, indptr = (
            np.asarray(artifact.array(f"normalised_{name}"))
            for name in ("data", "indices", "indptr")
        )
        degree = artifact.array("degree")
        shape = (len(indptr) - 1, len(degree))
        half = sparse.csr_array((data, indices, indptr), shape=shape)
        return cls(half, degree, power)
