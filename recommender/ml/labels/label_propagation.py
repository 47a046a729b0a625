"""Infers the categories of videos from the few videos with known categories.

`propagate` is plain label propagation. `LabelHead` combines its result with other
features of a video, such as its vector. To train the head, the propagated labels of a
labelled video leave out its own label, which unlabelled videos lack (Shi et al.,
"Masked Label Prediction", IJCAI 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize, sparse, special

from recommender.ml.data.snapshot import GraphSnapshot, IntArray

Matrix = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Blocks = Sequence[npt.NDArray[np.floating[Any]]]

FOLDS = 5
PENALTIES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


def neighbourhood(snapshot: GraphSnapshot, *, neighbours: int = 30) -> Matrix:
    """(n_items, n_items), dense: S = D^-1/2 W D^-1/2, where W has the cosines of the
    items' watches, the ``neighbours`` greatest of each row, made symmetric.
    """
    watched = snapshot.positive_watches
    matrix = sparse.csr_array(
        (np.ones(len(watched), np.float32), (watched.source, watched.target)),
        shape=(snapshot.n_users, snapshot.n_items),
    )
    together = np.asarray((matrix.T @ matrix).toarray(), np.float64)
    norm = np.sqrt(np.maximum(np.diag(together), 1))
    together /= np.outer(norm, norm)
    np.fill_diagonal(together, 0)
    if neighbours < snapshot.n_items:
        least = -np.partition(-together, neighbours - 1, axis=1)[:, neighbours - 1]
        together[together < least[:, None]] = 0
    together = np.maximum(together, together.T)
    degree = np.maximum(together.sum(1), 1e-12) ** -0.5
    return np.asarray(together * degree[:, None] * degree)


def influence(graph: Matrix, *, restart: float) -> Matrix:
    """(n, n): how much of each video's label (column) reaches each video (row),
    (1 - a) (I - a S)^-1 with a = 1 - ``restart`` (Zhou et al., "Learning with Local and
    Global Consistency", NIPS 2003)."""
    system = np.eye(len(graph)) - (1 - restart) * graph
    return restart * np.asarray(linalg.inv(system, overwrite_a=True))


def propagate(reach: Matrix, labels: Flags, *, without_own: bool = False) -> Matrix:
    """(n, c) shares of the labels that reach each video by `influence` ``reach``, with
    or without its own; ``labels`` (n, c) are False where unknown."""
    known = labels.astype(np.float64)
    received = reach @ known
    if without_own:
        received -= np.diag(reach)[:, None] * known
    total = np.maximum(received.sum(1, keepdims=True), 1e-12)
    return np.asarray(np.maximum(received, 0) / total)


@dataclass(frozen=True, eq=False)
class LabelHead:
    """A logistic regression for each category, on standardised features."""

    mean: Matrix
    scale: Matrix
    weight: Matrix  # (features + 1, c); the last row is the bias
    penalty: float

    @classmethod
    def fit(
        cls,
        features: Blocks,
        labels: Flags,
        known: IntArray,
        *,
        by_column: bool = True,
        seed: int = 0,
    ) -> LabelHead:
        """Learn from the rows ``known`` of (n, ...) blocks of features.

        Each column is standardised by itself or, without ``by_column``, by one factor
        for its block, which preserves proportions. Cross-validation chooses the penalty
        on weights.
        """
        stacked = np.hstack(features)
        mean = stacked.mean(0)
        scale = np.concatenate([_scale(block, by_column) for block in features])
        rows = _with_bias((stacked[known] - mean) / scale)
        wanted = labels[known].astype(np.float64)
        fold = np.random.default_rng(seed).permutation(len(known)) % FOLDS

        def loss(penalty: float) -> float:
            total = 0.0
            for held_out in range(FOLDS):
                test = fold == held_out
                weight = _solve(rows[~test], wanted[~test], penalty)
                total += _loss(rows[test] @ weight, wanted[test])
            return total

        penalty = min(PENALTIES, key=loss)
        return cls(mean, scale, _solve(rows, wanted, penalty), penalty)

    def scores(self, features: Blocks) -> Matrix:
        """(n, c) log odds."""
        rows = _with_bias((np.hstack(features) - self.mean) / self.scale)
        return np.asarray(rows @ self.weight)


def assign(scores: Matrix, shares: Matrix) -> Flags:
    """(n, c): for each category, the videos of greatest ``scores`` (n, c), as many as
    its share, (c,)."""
    count = np.round(shares * len(scores)).astype(np.int64)
    rank = np.argsort(np.argsort(-scores, axis=0, kind="stable"), axis=0)
    return np.asarray(rank < count)


def macro_f1(predicted: Flags, labels: Flags, weight: Matrix | None = None) -> float:
    """The mean F1 of the categories that occur; rows count by ``weight`` (n,)."""
    times = np.ones(len(labels)) if weight is None else weight
    right = times @ (predicted & labels)
    total = times @ predicted.astype(np.float64) + times @ labels.astype(np.float64)
    occurs = labels.any(0)
    return float((2 * right / np.maximum(total, 1))[occurs].mean())


def _scale(block: npt.NDArray[np.floating[Any]], by_column: bool) -> Matrix:
    """Divisors of the columns: blocks get the same weight, however wide they are."""
    spread = block.std(0, dtype=np.float64)
    if not by_column:
        spread = np.full_like(spread, np.sqrt((spread**2).mean()))
    return np.asarray(np.maximum(spread, 1e-9) * len(spread) ** 0.5)


def _with_bias(rows: Matrix) -> Matrix:
    return np.hstack([rows, np.ones((len(rows), 1))])


def _loss(logits: Matrix, wanted: Matrix) -> float:
    return float((np.logaddexp(0, logits) - wanted * logits).sum())


def _solve(rows: Matrix, wanted: Matrix, penalty: float) -> Matrix:
    shape = (rows.shape[1], wanted.shape[1])
    strength = np.ones((shape[0], 1))
    strength[-1] = 1e-3  # for the bias
    start = np.zeros(shape)
    start[-1] = special.logit(np.clip(wanted.mean(0), 0.01, 0.99))

    def loss(flat: Matrix) -> tuple[float, Matrix]:
        weight = flat.reshape(shape)
        logits = rows @ weight
        slope = rows.T @ (special.expit(logits) - wanted)
        decay = penalty * strength * weight
        total = _loss(logits, wanted) + float((decay * weight).sum()) / 2
        return total, (slope + decay).ravel()

    solution = optimize.minimize(
        loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 200}
    )
    return np.asarray(solution.x.reshape(shape))
