"""What each person had done at a moment: the newest edges strictly before it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.ml.graph import Edges, FloatArray, IntArray, TimeArray


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
    """A relation's edges of positive weight, ordered by source and time."""

    def __init__(self, edges: Edges) -> None:
        edges = edges.where(edges.weight > 0)
        order = np.lexsort((edges.target, edges.time, edges.source))
        self.source = edges.source[order]
        self.target = edges.target[order]
        self.weight = edges.weight[order]
        self.time = edges.time[order]
        # Source and time as one rising number, for a single binary search.
        self._moments = np.unique(self.time)
        self._key = self._keys(self.source, self.time)

    def __len__(self) -> int:
        return len(self.source)

    def windows(
        self, sources: IntArray, times: TimeArray, size: int | None = None
    ) -> Windows:
        """The newest ``size`` (all, if None) edges of ``sources[i]`` strictly before
        ``times[i]``."""
        stop = np.searchsorted(self._key, self._keys(sources, times), "left")
        start = np.searchsorted(self.source, sources, "left")
        if size is not None:
            start = np.maximum(start, stop - size)
        length = stop - start
        row = np.repeat(np.arange(len(sources)), length)
        rank = np.repeat(np.cumsum(length), length) - 1 - np.arange(len(row))
        place = stop[row] - 1 - rank
        return Windows(row, self.target[place], self.weight[place], rank, len(sources))

    def _keys(self, sources: IntArray, times: TimeArray) -> IntArray:
        moment = np.searchsorted(self._moments, times, "left")
        keys: IntArray = sources * (len(self._moments) + 1) + moment
        return keys


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
