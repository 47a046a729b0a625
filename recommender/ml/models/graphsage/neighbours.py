"""Neighbours at a moment: the newest edges strictly before it, all or a sample."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.ml.data.snapshot import Edges, FloatArray, IntArray, TimeArray


@dataclass(frozen=True, eq=False)
class Windows:
    """Edges found for a list of queries, as parallel arrays in order of ``row``.

    ``row`` is the query, ``target`` and ``weight`` the edge's, ``rank`` its place
    among the query's edges, 0 being the newest; ``rows`` counts the queries.
    """

    row: IntArray
    target: IntArray
    weight: FloatArray
    rank: IntArray
    rows: int

    def mean(self, n_targets: int, *, fade: float = np.inf) -> sparse.csr_array:
        """(rows, n_targets) weights that sum to 1 in each row that has edges.

        Each edge counts its weight times e^(-rank / fade).
        """
        faded = self.weight * np.exp(-self.rank / fade)
        total = np.bincount(self.row, weights=faded, minlength=self.rows)
        value = (faded / np.maximum(total[self.row], 1e-30)).astype(np.float32)
        starts = np.searchsorted(self.row, np.arange(self.rows + 1))
        shape = (self.rows, n_targets)
        return sparse.csr_array((value, self.target, starts), shape=shape)

    def without(self, targets: IntArray) -> Windows:
        """The windows less the edges that lead to their query's own target."""
        return self._where(self.target != targets[self.row])

    def of_rows(self, rows: npt.NDArray[np.bool_]) -> Windows:
        """The windows with edges only at the queries that ``rows``, (rows,), keeps."""
        return self._where(rows[self.row])

    def _where(self, kept: npt.NDArray[np.bool_]) -> Windows:
        return replace(
            self,
            row=self.row[kept],
            target=self.target[kept],
            weight=self.weight[kept],
            rank=self.rank[kept],
        )


class Timeline:
    """A relation's edges of positive weight by source (by target, if ``reverse``) and
    time, and a sampler of neighbours over them.

    It holds an order into the arrays of the relation: 4 bytes an edge.
    """

    def __init__(self, edges: Edges, sources: int, *, reverse: bool = False) -> None:
        end, self._target = edges.source, edges.target
        if reverse:
            end, self._target = self._target, end
        self._weight, self._time = edges.weight, edges.time
        order = np.argsort(edges.time, kind="stable").astype(np.int32)
        order = order[edges.weight[order] > 0]
        end = end[order].astype(np.int32)
        self._order = order[np.argsort(end, kind="stable")]
        counts = np.bincount(end, minlength=sources)
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
        ``times[i]``; of those, ``fan_out`` at random where there are more.

        Each edge is drawn with the same probability, from all ages evenly. The draw
        depends on ``step`` and the source alone, not on what else is asked for.
        """
        start, stop = self._starts[sources], self._before(sources, times)
        if size is not None:
            start = np.maximum(start, stop - size)
        length = stop - start
        taken = length if fan_out is None else np.minimum(length, fan_out)
        row = np.repeat(np.arange(len(sources)), taken)
        place = np.arange(len(row)) - np.repeat(np.cumsum(taken) - taken, taken)
        if fan_out is not None:
            # Systematic sampling: a random start, then even strides through the edges.
            offset = _scattered(sources, step) % np.maximum(length, 1)
            place = (place * length[row] + offset[row]) // taken[row]
        edge = self._order[start[row] + place]
        rank = length[row] - 1 - place
        return Windows(row, self._target[edge], self._weight[edge], rank, len(sources))

    def _before(self, sources: IntArray, times: TimeArray) -> IntArray:
        """Where the edges of each source end that are before each time: a binary
        search in all rows at once."""
        low, high = self._starts[sources], self._starts[sources + 1]
        while (left := low < high).any():
            middle = (low + high) // 2
            edge = self._order[np.minimum(middle, len(self) - 1)]
            earlier = self._time[edge] < times
            low = np.where(left & earlier, middle + 1, low)
            high = np.where(left & ~earlier, middle, high)
        return low


def _scattered(nodes: IntArray, step: int) -> IntArray:
    """A number from 0 to 2^63 for each node and step, as good as random: SplitMix64
    (Steele et al., OOPSLA 2014)."""
    moved = np.uint64((step + 1) * 0x9E3779B97F4A7C15 % 2**64)
    x = nodes.astype(np.uint64) + moved
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return ((x ^ (x >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)


def mean_matrix(
    row: IntArray,
    column: IntArray,
    weight: npt.NDArray[np.floating],
    shape: tuple[int, int],
) -> sparse.csr_array:
    """Weights divided by their row's sum, as a CSR matrix of float32."""
    total = np.bincount(row, weights=weight, minlength=shape[0])
    value = (weight / np.maximum(total[row], 1e-30)).astype(np.float32)
    return sparse.csr_array((value, (row, column)), shape=shape)


def edge_means(edges: Edges, rows: int, columns: int) -> sparse.csr_array:
    """(rows, columns): the mean over each source's edges, by weight."""
    return mean_matrix(edges.source, edges.target, edges.weight, (rows, columns))
