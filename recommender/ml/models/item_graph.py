"""The item-item graph of common watches, stored as a sparse factor.

R is the matrix of watches, each divided by the roots of the degrees of user and item.
The graph R^T R is too dense to store; two sparse products multiply by it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.ml.data.history import few_columns
from recommender.ml.data.snapshot import FloatArray, IntArray, list_places
from recommender.ml.store.artifact import Artifact
from recommender.ml.train.budget import check

ROWS_AT_ONCE = 512


@dataclass(frozen=True, eq=False, kw_only=True)
class Graph(ABC):
    """What a spectral filter asks of a graph of items. ``degree`` (items,) is the
    number of watchers, at least 1. Messages from an item are weighted by its
    degree^-``power``, messages to it by its degree^``power``."""

    degree: FloatArray
    power: float = 0.0

    def with_power(self, power: float) -> Self:
        """The same graph with other weights of messages."""
        return replace(self, power=power)

    def send(self, watched: sparse.csr_array) -> sparse.csr_array:
        """(people, items): the messages of the items ``watched``, for `receive`."""
        data = watched.data * self.degree[watched.indices] ** -self.power
        return sparse.csr_array((data, watched.indices, watched.indptr), watched.shape)

    @abstractmethod
    def receive(
        self, sent: sparse.csr_array, items: IntArray | None = None
    ) -> FloatArray:
        """(people, items): the sums of messages ``sent`` to all or some ``items``."""

    @abstractmethod
    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """The arrays by name, for an artifact."""


@dataclass(frozen=True, eq=False)
class NeighbourGraph(Graph):
    """The graph R^T R with only the strongest neighbours of each item, for many items:
    a row of ``similarity`` holds those of a watched item."""

    similarity: sparse.csr_array

    @classmethod
    def from_graph(cls, graph: ItemGraph, neighbours: int) -> NeighbourGraph:
        """The strongest ``neighbours`` of each item, once messages are weighted; raises
        `OutOfTimeError` past the budget."""
        half = graph.half
        by_item = half.T.tocsr()
        weight = graph.degree**graph.power
        rows, columns, values = [], [], []
        for start in range(0, half.shape[1], ROWS_AT_ONCE):
            check("the neighbours of videos")
            block = (by_item[start : start + ROWS_AT_ONCE] @ half).tocsr()
            for row in range(block.shape[0]):
                span = slice(block.indptr[row], block.indptr[row + 1])
                column, value = block.indices[span], block.data[span]
                other = column != start + row
                column, value = column[other], value[other]
                if len(column) > neighbours:
                    best = np.argpartition(-value * weight[column], neighbours)
                    best = np.sort(best[:neighbours])
                    column, value = column[best], value[best]
                rows.append(len(column))
                columns.append(column.astype(np.int32))
                values.append(value.astype(np.float32))
        indptr = np.concatenate([[0], np.cumsum(rows)]).astype(np.int32)
        similarity = sparse.csr_array(
            (np.concatenate(values), np.concatenate(columns), indptr),
            shape=(half.shape[1], half.shape[1]),
        )
        return cls(similarity, degree=graph.degree, power=graph.power)

    def receive(
        self, sent: sparse.csr_array, items: IntArray | None = None
    ) -> FloatArray:
        degree = self.degree
        if items is None:
            # Indices of another type would make scipy copy those of the graph.
            indices, indptr = sent.indices.astype("i4"), sent.indptr.astype("i4")
            same = sparse.csr_array((sent.data, indices, indptr), sent.shape)
            sums = (same @ self.similarity).toarray()
        else:
            rows, few = few_columns(sent)
            sums, degree = few @ self._between(rows, items), degree[items]
        return np.asarray(sums * degree**self.power, np.float32)

    def strongest(self, sent: sparse.csr_array, count: int) -> IntArray:
        """The ``count`` items that receive most of one person's messages."""
        row, columns, values = self._lists(sent.indices)
        sums = np.bincount(columns, values * sent.data[row], len(self.degree))
        items = np.flatnonzero(sums)
        if len(items) > count:
            received = sums[items] * self.degree[items] ** self.power
            items = items[np.argpartition(-received, count)[:count]]
        return items

    def _between(self, rows: IntArray, items: IntArray) -> FloatArray:
        """(rows, items): the similarity of each to each."""
        unique, place = np.unique(items, return_inverse=True)
        column = np.full(len(self.degree), -1, np.int32)
        column[unique] = np.arange(len(unique))
        row, columns, values = self._lists(rows)
        wanted = column[columns]
        inside = wanted >= 0
        block = np.zeros((len(rows), len(unique)), np.float32)
        block[row[inside], wanted[inside]] = values[inside]
        return block[:, place]

    def _lists(self, rows: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """The neighbours of items ``rows``, one after the other: places in ``rows``,
        neighbours and similarities."""
        graph = self.similarity
        place, row = list_places(graph.indptr[rows], graph.indptr[rows + 1])
        return row, graph.indices[place], graph.data[place]

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        return {
            "neighbours_indptr": self.similarity.indptr,
            "neighbours_indices": self.similarity.indices,
            "neighbours_data": self.similarity.data,
            "degree": self.degree,
        }

    @classmethod
    def load(cls, artifact: Artifact, power: float) -> NeighbourGraph:
        """Load the stored `arrays`."""
        parts = tuple(
            artifact.array(f"neighbours_{name}")
            for name in ("data", "indices", "indptr")
        )
        degree = artifact.array("degree")
        shape = (len(degree), len(degree))
        similarity = sparse.csr_array(parts, shape=shape)
        return cls(similarity, degree=degree, power=power)


@dataclass(frozen=True, eq=False)
class ItemGraph(Graph):
    """The graph R^T R; ``half`` is R, (users, items)."""

    half: sparse.csr_array

    @classmethod
    def from_matrix(cls, half: sparse.csr_array, power: float = 0.0) -> ItemGraph:
        """Build from R; see `lightgcn.serve.normalised`."""
        counts = np.bincount(half.indices, minlength=half.shape[1])
        degree = np.maximum(counts, 1).astype(np.float32)
        return cls(half, degree=degree, power=power)

    def receive(
        self, sent: sparse.csr_array, items: IntArray | None = None
    ) -> FloatArray:
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
        return cls(half, degree=degree, power=power)
