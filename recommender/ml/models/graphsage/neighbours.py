"""Neighbours at a time: the newest edges strictly before it, all or a sample."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.ml.data.snapshot import (
    Edges,
    FloatArray,
    IntArray,
    TimeArray,
    counting_order,
)


@dataclass(frozen=True, eq=False)
class Windows:
    """The edges of a list of queries, as parallel arrays in order of ``row``.

    ``row`` is the query, ``target`` and ``weight`` the edge's, ``rank`` its position
    among the query's edges (0 is the newest); ``rows`` is the number of queries.
    """

    row: IntArray
    target: IntArray
    weight: FloatArray
    rank: IntArray
    rows: int

    def mean(self, n_targets: int, *, fade: float = np.inf) -> sparse.csr_array:
        """(rows, n_targets) weights that sum to 1 in each row that has edges.

        An edge counts by its weight times e^(-rank / fade).
        """
        decayed = self.weight * np.exp(-self.rank / fade)
        total = np.bincount(self.row, weights=decayed, minlength=self.rows)
        value = (decayed / np.maximum(total[self.row], 1e-30)).astype(np.float32)
        starts = np.searchsorted(self.row, np.arange(self.rows + 1))
        shape = (self.rows, n_targets)
        return sparse.csr_array((value, self.target, starts), shape=shape)

    def without(self, targets: IntArray) -> Windows:
        """The windows without edges to ``targets`` (rows,), one for each query."""
        return self._where(self.target != targets[self.row])

    def only_rows(self, rows: npt.NDArray[np.bool_]) -> Windows:
        """The windows without the edges of queries where ``rows`` (rows,) is False."""
        return self._where(rows[self.row])

    def _where(self, mask: npt.NDArray[np.bool_]) -> Windows:
        return replace(
            self,
            row=self.row[mask],
            target=self.target[mask],
            weight=self.weight[mask],
            rank=self.rank[mask],
        )


class Timeline:
    """A relation's edges of positive weight, sorted by source (by target, if
    ``reverse``) and time, to look up or sample neighbours.

    It stores an order of the relation's arrays, 4 bytes an edge.
    """

    def __init__(self, edges: Edges, sources: int, *, reverse: bool = False) -> None:
        end, self._target = edges.source, edges.target
        if reverse:
            end, self._target = self._target, end
        self._weight, self._time = edges.weight, edges.time
        order = np.argsort(edges.time, kind="stable").astype(np.int32)
        order = order[edges.weight[order] > 0]
        self._order = counting_order(end, sources, order)
        counts = np.bincount(end[order], minlength=sources)
        self._starts = np.concatenate([[0], np.cumsum(counts)])

    def __len__(self) -> int:
        return len(self._order)

    def windows(
        self,
        sources: IntArray,
        times: TimeArray,
        size: int | None = None,
        *,
        fan_out: int | None = None,
        step: int = 0,
    ) -> Windows:
        """The newest ``size`` (all, if None) edges of ``sources[i]`` strictly before
        ``times[i]``, or a random sample of ``fan_out`` of these.

        Each edge has the same probability, and all ages are covered evenly. The sample
        depends only on ``step`` and the source.
        """
        start, stop = self._starts[sources], self._before(sources, times)
        if size is not None:
            start = np.maximum(start, stop - size)
        length = stop - start
        count = length if fan_out is None else np.minimum(length, fan_out)
        row = np.repeat(np.arange(len(sources)), count)
        place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        if fan_out is not None:
            # Systematic sampling: a random offset, then even steps through the edges.
            offset = _hashed(sources, step) % np.maximum(length, 1)
            place = (place * length[row] + offset[row]) // count[row]
        edge = self._order[start[row] + place]
        rank = length[row] - 1 - place
        return Windows(row, self._target[edge], self._weight[edge], rank, len(sources))

    def _before(self, sources: IntArray, times: TimeArray) -> IntArray:
        """The end of the edges of each source before each time, by a binary search in
        all rows at once."""
        low, high = self._starts[sources], self._starts[sources + 1]
        while (active := low < high).any():
            middle = (low + high) // 2
            edge = self._order[np.minimum(middle, len(self) - 1)]
            earlier = self._time[edge] < times
            low = np.where(active & earlier, middle + 1, low)
            high = np.where(active & ~earlier, middle, high)
        return low


def distinct(nodes: IntArray, size: int) -> IntArray:
    """The sorted distinct ``nodes``, all below ``size``: `numpy.unique`, but linear."""
    marked = np.zeros(size, bool)
    marked[nodes] = True
    return np.flatnonzero(marked)


def _hashed(nodes: IntArray, step: int) -> IntArray:
    """A pseudo-random number below 2^63 for each node and step: SplitMix64 (Steele et
    al., OOPSLA 2014)."""
    offset = np.uint64((step + 1) * 0x9E3779B97F4A7C15 % 2**64)
    x = nodes.astype(np.uint64) + offset
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return ((x ^ (x >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)


def mean_matrix(
    row: IntArray,
    column: IntArray,
    weight: npt.NDArray[np.floating],
    shape: tuple[int, int],
) -> sparse.csr_array:
    """A CSR matrix of float32: weights divided by the sum of their row."""
    total = np.bincount(row, weights=weight, minlength=shape[0])
    value = (weight / np.maximum(total[row], 1e-30)).astype(np.float32)
    return sparse.csr_array((value, (row, column)), shape=shape)


def edge_means(edges: Edges, rows: int, columns: int) -> sparse.csr_array:
    """(rows, columns): the mean over each source's edges, by weight."""
    return mean_matrix(edges.source, edges.target, edges.weight, (rows, columns))
