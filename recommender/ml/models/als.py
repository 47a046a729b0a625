"""Implicit ALS: weighted matrix factorisation (Hu, Koren and Volinsky, ICDM 2008).

A watch of weight w is a preference of 1 with confidence 1 + alpha * w; all other pairs
are a preference of 0 with confidence 1. `implicit` trains. Serving solves the same
least squares for the newest history of a person with numpy; there is no table of users,
so new people are served like all others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.ml.data.history import UserHistory
from recommender.ml.data.snapshot import (
    Edges,
    FloatArray,
    GraphSnapshot,
    IntArray,
    positions,
)
from recommender.ml.models.base import (
    NEWEST,
    Contribution,
    FactorModel,
    Parts,
    Progress,
    TrainingStep,
    greatest_first,
    load_index,
    no_progress,
)
from recommender.ml.store.artifact import Artifact
from recommender.ml.store.vector_index import VectorIndex
from recommender.ml.train import warm
from recommender.ml.train.budget import OutOfTimeError, check

NAME = "als"
PRIOR_PEOPLE = 5000  # whose mean is the vector of people without watches


@dataclass(frozen=True)
class Config:
    """``factors`` is the width; ``alpha`` and ``regularization`` are as in the paper,
    chosen on validation parts."""

    factors: int = 64
    alpha: float = 4.0
    regularization: float = 30.0
    iterations: int = 15
    seed: int = 0


class Als(FactorModel):
    """Item factors; those of a user are the least squares solution for their history.

    ``prior`` (factors,) is the mean of the users' vectors, for histories without a
    known watch.
    """

    name = NAME

    def __init__(
        self,
        item_ids: IntArray,
        vectors: FloatArray,
        prior: FloatArray,
        config: Config,
        index: VectorIndex | None = None,
    ) -> None:
        super().__init__(item_ids, vectors, index)
        self._prior = prior
        self._config = config
        self._gram = _gram(vectors, config)

    @property
    def learned(self) -> warm.KeptVectors:
        return warm.KeptVectors(self.item_ids, self.vectors)

    def embed_users(self, states: Sequence[UserHistory]) -> FloatArray:
        users = np.tile(self._prior, (len(states), 1))
        for row, state in enumerate(states):
            place = positions(self.item_ids, state.watched.ids)
            known = (place >= 0) & (state.watched.weight > 0)
            if known.any():
                users[row] = _solve(
                    self._gram,
                    self.vectors[place[known]],
                    self._config.alpha * state.watched.weight[known],
                )
        return users

    def contributions(
        self, state: UserHistory, item_ids: npt.ArrayLike
    ) -> list[list[Contribution]]:
        """All watches are removed by one solution (Sherman and Morrison 1950)."""
        place = positions(self.item_ids, state.watched.ids)
        known = np.flatnonzero((place >= 0) & (state.watched.weight > 0))
        items = positions(self.item_ids, item_ids)
        if len(known) < 2 or not len(items):
            return super().contributions(state, item_ids)
        vectors = self.vectors[place[known]]
        extra = self._config.alpha * state.watched.weight[known]
        left = self._gram + (vectors.T * extra) @ vectors
        solved = np.linalg.solve(left, vectors.T)  # (factors, watches)
        leverage = np.einsum("wf,fw->w", vectors, solved)
        own = vectors @ (solved @ (1 + extra))  # scores of the watched videos
        others = own - (1 + extra) * leverage  # the part of the other watches
        loss = 1 + extra - extra * others / (1 - extra * leverage)
        amounts = np.where(
            items >= 0, loss[:, None] * (self.vectors[items] @ solved).T, 0
        )
        newest = np.argsort(-state.watched.time[known], kind="stable")[:NEWEST]
        ids = state.watched.ids[known[newest]].tolist()
        return greatest_first(["watched"] * len(ids), ids, amounts[newest])

    def parts(self) -> Parts:
        parts = super().parts()
        return Parts(
            arrays={**parts.arrays, "prior": self._prior},
            documents={**parts.documents, "als": asdict(self._config)},
            files=parts.files,
        )

    def renewed(self, snapshot: GraphSnapshot) -> Als:
        """Known items keep their factors; those of new items are solved from the
        vectors of their watchers."""
        place = positions(self.item_ids, snapshot.item_ids)
        vectors = np.zeros((snapshot.n_items, self.vectors.shape[1]), np.float32)
        vectors[place >= 0] = self.vectors[place[place >= 0]]
        matrix = _matrix(snapshot, snapshot.positive_watches)
        new = np.flatnonzero(place < 0)
        by_new = matrix.T.tocsr()[new]
        watchers = np.unique(by_new.indices)
        users = np.zeros((snapshot.n_users, vectors.shape[1]), np.float32)
        users[watchers] = _fold_in(matrix[watchers], vectors, self._config)
        vectors[new] = _fold_in(by_new, users, self._config)
        prior = _prior(matrix, vectors, self._config, self._prior)
        return Als(snapshot.item_ids, vectors, prior, self._config)


def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> Als:
    """Alternate for ``iterations`` rounds, a third of them from the factors of an
    earlier fit (see `warm`), or until the next would exceed the budget.

    Raises `ValueError` without watches.
    """
    # Only training imports these.
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    matrix = _matrix(snapshot, snapshot.training_watches)
    confidence = matrix.copy()
    confidence.data = 1 + config.alpha * matrix.data

    earlier: warm.KeptVectors | None = warm.weights_of(NAME)
    if earlier is not None and earlier.vectors.shape[1] != config.factors:
        earlier = None
    share = 1.0 if earlier is None else warm.EPOCHS
    iterations = math.ceil(config.iterations * share)

    def record(iteration: int, seconds: float, loss: float) -> None:
        progress(
            TrainingStep(
                stage="train",
                epoch=iteration + 1,
                epochs=iterations,
                loss=float(loss),
                validation=None,
                seconds=seconds,
            )
        )
        check("another round of ALS", seconds)

    # The package has its own threads; those of BLAS would compete with them.
    with threadpool_limits(1, "blas"):
        trainer = AlternatingLeastSquares(
            factors=config.factors,
            regularization=config.regularization,
            alpha=1.0,
            iterations=iterations,
            calculate_training_loss=True,
            random_state=config.seed,
        )
        if earlier is not None:
            trainer.item_factors = earlier.of(snapshot.item_ids)
            trainer.user_factors = np.zeros(
                (snapshot.n_users, config.factors), np.float32
            )
        with suppress(OutOfTimeError):
            trainer.fit(
                sparse.csr_matrix(confidence), show_progress=False, callback=record
            )
        vectors = np.array(trainer.item_factors, np.float32)
        prior = _prior(matrix, vectors, config)
    warm.keep(NAME, warm.KeptVectors(snapshot.item_ids, vectors))
    return Als(snapshot.item_ids, vectors, prior, config)


def load(artifact: Artifact) -> Als:
    """Load the arrays and documents of `Als.parts`."""
    item_ids, vectors, index = load_index(artifact)
    config = Config(**artifact.document("als"))
    return Als(item_ids, vectors, artifact.array("prior"), config, index)


def _matrix(snapshot: GraphSnapshot, watched: Edges) -> sparse.csr_array:
    """(n_users, n_items) of the weights of ``watched``."""
    return sparse.csr_array(
        (watched.weight, (watched.source, watched.target)),
        shape=(snapshot.n_users, snapshot.n_items),
    )


def _fold_in(
    matrix: sparse.csr_array, vectors: FloatArray, config: Config
) -> FloatArray:
    """(rows, factors): the solution for each row of weights; 0 for an empty row."""
    gram = _gram(vectors, config)
    rows = np.zeros((matrix.shape[0], vectors.shape[1]), np.float32)
    for row in np.flatnonzero(np.diff(matrix.indptr)):
        part = slice(matrix.indptr[row], matrix.indptr[row + 1])
        weight = config.alpha * matrix.data[part]
        rows[row] = _solve(gram, vectors[matrix.indices[part]], weight)
    return rows


def _gram(vectors: FloatArray, config: Config) -> FloatArray:
    ridge = config.regularization * np.eye(vectors.shape[1])
    return np.asarray(vectors.T @ vectors + ridge, np.float32)


def _solve(gram: FloatArray, vectors: FloatArray, extra: FloatArray) -> FloatArray:
    """Equation 4 of the paper, for ``vectors`` (n, d) of confidence 1 + ``extra``."""
    left = gram + (vectors.T * extra) @ vectors
    right = vectors.T @ (1 + extra)
    return np.asarray(np.linalg.solve(left, right), np.float32)


def _prior(
    matrix: sparse.csr_array,
    vectors: FloatArray,
    config: Config,
    default: FloatArray | None = None,
) -> FloatArray:
    """The mean vector of up to `PRIOR_PEOPLE` people with watches."""
    people = np.flatnonzero(np.diff(matrix.indptr))
    if len(people) > PRIOR_PEOPLE:
        people = people[np.linspace(0, len(people) - 1, PRIOR_PEOPLE).astype(np.int64)]
    users = _fold_in(matrix[people], vectors, config)
    known = users[users.any(1)]
    if not len(known) and default is not None:
        return default
    return np.asarray(known.mean(0), np.float32)
