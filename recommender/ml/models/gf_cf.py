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

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recommender.ml.data.history import UserHistory, watch_matrix
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray
from recommender.ml.models.base import Model, Parts, Progress, no_progress
from recommender.ml.models.item_graph import ItemGraph
from recommender.ml.models.lightgcn.serve import normalised
from recommender.ml.store.artifact import Artifact

POWER_ITERATIONS = 6
OVERSAMPLING = 32


@dataclass(frozen=True)
class Config:
    """``rank`` singular vectors; ``low_pass`` weighs them against the linear filter.

    ``sharpening`` is s of the linear filter. With exponent a = ``degree``, a watched
    item counts by its degree^-a, a scored one by its degree^a. The defaults are the
    published GF-CF.
    """

    rank: int = 256
    low_pass: float = 0.3
    sharpening: float = 0.0
    degree: float = 0.0
    seed: int = 0


class GfCf(Model):
    """``basis`` (items, rank) holds the right singular vectors of ``graph.half``,
    ``eigenvalues`` (rank,) those of the graph."""

    name = "gf_cf"

    def __init__(
        self,
        item_ids: IntArray,
        graph: ItemGraph,
        basis: FloatArray,
        eigenvalues: FloatArray,
        config: Config,
    ) -> None:
        self.item_ids = item_ids
        self._graph = graph
        self._basis = basis
        self._eigenvalues = eigenvalues
        self._config = config

    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        config, graph, basis = self._config, self._graph, self._basis
        watched = watch_matrix(self.item_ids, states)
        sent = graph.send(watched)
        linear = graph.receive(sent)
        if config.sharpening:
            common = (sent @ basis) * self._eigenvalues**2
            less = (common @ basis.T) * graph.degree**config.degree
            linear -= config.sharpening * less
        root = np.sqrt(graph.degree)
        scaled = watched.multiply(1 / root[None, :]).tocsr()
        smooth = ((scaled @ basis) @ basis.T) * root
        return np.asarray(linear + config.low_pass * smooth, np.float32)

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
    """Compute graph and singular vectors; raises `ValueError` without watches."""
    matrix = normalised(snapshot, snapshot.training_watches)
    graph = ItemGraph.from_matrix(matrix, config.degree)
    basis = right_singular_vectors(graph.half, config.rank, seed=config.seed)
    eigenvalues = ((graph.half @ basis) ** 2).sum(0)
    return GfCf(snapshot.item_ids, graph, basis, eigenvalues, config)


def load(artifact: Artifact) -> GfCf:
    """Load the arrays and documents of `GfCf.parts`."""
    config = Config(**artifact.document("gf_cf"))
    return GfCf(
        artifact.array("item_ids"),
        ItemGraph.load(artifact, config.degree),
        artifact.array("basis"),
        artifact.array("eigenvalues"),
        config,
    )


def right_singular_vectors(
    matrix: sparse.csr_array, rank: int, *, seed: int
) -> FloatArray:
    """(columns, rank) by randomised subspace iteration (Halko et al., 2011)."""
    rank = min(rank, *matrix.shape)
    width = min(rank + OVERSAMPLING, *matrix.shape)
    random = np.random.default_rng(seed)
    basis = random.standard_normal((matrix.shape[1], width)).astype(np.float32)
    for _ in range(POWER_ITERATIONS):
        basis, _ = np.linalg.qr(matrix.T @ (matrix @ basis))
    _, _, rows = np.linalg.svd(matrix @ basis, full_matrices=False)
    return np.asarray((basis @ rows.T)[:, :rank], np.float32)
