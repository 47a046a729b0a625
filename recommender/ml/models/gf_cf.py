"""GF-CF: a spectral filter of the watch graph, without training.

Shen et al., "How Powerful is Graph Convolution for Recommendation?", CIKM 2021: the
score adds a linear filter, the item-item graph of the normalised matrix, and an ideal
low-pass filter, its greatest singular vectors. It is item-based, so new people are
served like all others.

The linear filter can be sharpened (Choi et al., "Blurring-Sharpening Process Models for
Collaborative Filtering", SIGIR 2023): an eigenvalue l of the graph becomes l - s l^2,
which weakens what all people have in common. Only the ``rank`` greatest are sharpened;
for small eigenvalues it matters little.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.ml.data.history import UserHistory, few_columns, watch_matrix
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray, positions
from recommender.ml.models.base import Model, Parts, Progress, no_progress
from recommender.ml.models.item_graph import (
    Graph,
    ItemGraph,
    NeighbourGraph,
)
from recommender.ml.models.lightgcn.serve import normalised
from recommender.ml.store.artifact import Artifact
from recommender.ml.train import warm
from recommender.ml.train.budget import current, seconds_left, within

NAME = "gf_cf"
VECTORS = 0.5  # of limited time; the rest is for the neighbours
POWER_ITERATIONS = 6
OVERSAMPLING = 32


@dataclass(frozen=True)
class Config:
    """``rank`` singular vectors; ``low_pass`` weighs them against the linear filter.

    ``sharpening`` is s of the linear filter. With exponent a = ``degree``, a watched
    item counts by its degree^-a, a scored one by its degree^a. The defaults are the
    published GF-CF. With ``neighbours``, the linear filter uses as many neighbours of
    each item, which is faster with many items; 0 uses all.
    """

    rank: int = 256
    low_pass: float = 0.3
    sharpening: float = 0.0
    degree: float = 0.0
    neighbours: int = 0
    seed: int = 0


class GfCf(Model):
    """``basis`` (items, rank) holds the right singular vectors of ``graph.half``,
    ``eigenvalues`` (rank,) those of the graph."""

    name = NAME

    def __init__(
        self,
        item_ids: IntArray,
        graph: Graph,
        basis: FloatArray,
        eigenvalues: FloatArray,
        config: Config,
    ) -> None:
        self.item_ids = item_ids
        self._graph = graph
        self._basis = basis
        self._eigenvalues = eigenvalues
        self._config = config

    @property
    def learned(self) -> warm.KeptVectors:
        return warm.KeptVectors(self.item_ids, self._basis)

    def adjusted(self, settings: Mapping[str, Any]) -> GfCf | None:
        """The same filter with other ``settings``, of which ``rank`` may be lower; None
        if they need another fit."""
        config = Config(**settings)
        ours = self._config
        same = config.neighbours == ours.neighbours and config.seed == ours.seed
        if not same or config.rank > ours.rank:
            return None
        return GfCf(
            self.item_ids,
            self._graph.with_power(config.degree),
            self._basis[:, : config.rank],
            self._eigenvalues[: config.rank],
            config,
        )

    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        return self._scores(states, None)

    def score_each(
        self, states: Sequence[UserHistory], item_ids: npt.ArrayLike
    ) -> FloatArray:
        place = positions(self.item_ids, item_ids)
        scores = self._scores(states, np.maximum(place, 0))
        return np.where(place >= 0, scores, np.nan).astype(np.float32)

    def retrieve(
        self, state: UserHistory, *, k: int, exclude: npt.ArrayLike = ()
    ) -> IntArray:
        """The items of greatest score by the linear filter alone, where it has the
        lists of neighbours."""
        if not isinstance(self._graph, NeighbourGraph):
            return super().retrieve(state, k=k, exclude=exclude)
        watched = watch_matrix(self.item_ids, [state])
        count = k + len(state.watched) + np.size(exclude)
        strongest = self._graph.strongest(self._graph.send(watched), count)
        return self.item_ids[strongest]

    def _scores(
        self, states: Sequence[UserHistory], items: IntArray | None
    ) -> FloatArray:
        """Scores of all ``items``, or of those places."""
        config, graph = self._config, self._graph
        watched = watch_matrix(self.item_ids, states)
        rows, few = few_columns(watched)
        own = graph.degree[rows]
        of_rows = np.asarray(self._basis[rows])  # only these rows of it are read
        wanted = slice(None) if items is None else items
        basis, degree = self._basis[wanted], graph.degree[wanted]
        scores = graph.receive(graph.send(watched), items)
        if config.sharpening:
            sent = own[:, None] ** -config.degree * of_rows
            common = (few @ sent) * self._eigenvalues**2
            less = (common @ basis.T) * degree**config.degree
            scores = np.asarray(scores - config.sharpening * less, np.float32)
        scaled = own[:, None] ** -0.5 * of_rows
        smooth = ((few @ scaled) @ basis.T) * np.sqrt(degree)
        return np.asarray(scores + config.low_pass * smooth, np.float32)

    def parts(self) -> Parts:
        return Parts(
            arrays={
                "item_ids": self.item_ids,
                "basis": self._basis,
                "eigenvalues": self._eigenvalues,
                **self._graph.arrays(),
            },
            documents={"gf_cf": vars(self._config)},
        )

    def renewed(self, snapshot: GraphSnapshot) -> GfCf:
        """Fit to the new snapshot: there is no training to save."""
        return fit(snapshot, self._config)


def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> GfCf:
    """Compute graph and singular vectors; raises `ValueError` without watches,
    `OutOfTimeError` if the neighbours take longer than the budget.

    The vectors start from those of an earlier fit (see `warm`).
    """
    matrix = normalised(snapshot, snapshot.training_watches)
    whole = ItemGraph.from_matrix(matrix, config.degree)
    earlier: warm.KeptVectors | None = warm.weights_of(NAME)
    start = None if earlier is None else earlier.of(snapshot.item_ids)
    with within(current().share(VECTORS)):
        basis = right_singular_vectors(
            matrix, config.rank, seed=config.seed, start=start
        )
    warm.keep(NAME, warm.KeptVectors(snapshot.item_ids, basis))
    eigenvalues = ((matrix @ basis) ** 2).sum(0)
    graph: Graph = whole
    if config.neighbours:
        graph = NeighbourGraph.from_graph(whole, config.neighbours)
    return GfCf(snapshot.item_ids, graph, basis, eigenvalues, config)


def load(artifact: Artifact) -> GfCf:
    """Load the arrays and documents of `GfCf.parts`."""
    config = Config(**artifact.document("gf_cf"))
    kind = NeighbourGraph if config.neighbours else ItemGraph
    return GfCf(
        artifact.array("item_ids"),
        kind.load(artifact, config.degree),
        artifact.array("basis"),
        artifact.array("eigenvalues"),
        config,
    )


def right_singular_vectors(
    matrix: sparse.csr_array, rank: int, *, seed: int, start: FloatArray | None = None
) -> FloatArray:
    """(columns, rank) by randomised subspace iteration (Halko et al., 2011).

    From vectors ``start`` (columns, any), fewer iterations are enough. It ends early
    if another one would exceed the budget.
    """
    rank = min(rank, *matrix.shape)
    width = min(rank + OVERSAMPLING, *matrix.shape)
    random = np.random.default_rng(seed)
    basis = random.standard_normal((matrix.shape[1], width)).astype(np.float32)
    iterations = POWER_ITERATIONS
    if start is not None and start.shape[1] >= rank:
        basis[:, : min(width, start.shape[1])] = start[:, :width]
        iterations = math.ceil(iterations * warm.EPOCHS)
    for _ in range(iterations):
        began = time.monotonic()
        basis, _ = np.linalg.qr(matrix.T @ (matrix @ basis))
        # The last step, below, takes about as long as an iteration.
        if seconds_left() < 2 * (time.monotonic() - began):
            break
    _, _, rows = np.linalg.svd(matrix @ basis, full_matrices=False)
    return np.asarray((basis @ rows.T)[:, :rank], np.float32)
