"""EASE: a linear item-item model in closed form (Steck, "Embarrassingly Shallow
Autoencoders for Sparse Data", WWW 2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from recommender.ml.data.history import recency_weights
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.models.base import Progress, TooLargeError, no_progress
from recommender.ml.models.item_matrix import ItemMatrixModel, solve_seconds
from recommender.ml.store.artifact import Artifact
from recommender.ml.train.budget import check, current


@dataclass(frozen=True)
class Config:
    """``regularization`` of the diagonal; ``recency``: the number of newer watches
    after which a watch has 1/e of its weight, 0 for no decay.

    A history of n watches has weight (n / mean n)^-``balance``: at 0 each watch counts
    the same, at 1 nearly each person. The item-item matrix is dense: more than
    ``max_items`` items raise an error.
    """

    regularization: float = 300.0
    recency: float = 0.0
    balance: float = 0.0
    max_items: int = 20_000


class Ease(ItemMatrixModel[Config]):
    """A row of ``matrix`` holds the weights of a watch for all items."""

    name = "ease"

    def renewed(self, snapshot: GraphSnapshot) -> Ease:
        """The solution for the new snapshot: there is no training to save."""
        return fit(snapshot, self._config)


def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> Ease:
    """Invert the regularised Gram matrix; raises `ValueError` without watches,
    `TooLargeError` with more items than ``max_items``, `OutOfTimeError` if the inverse
    takes longer than the budget."""
    edges = snapshot.training_watches
    if snapshot.n_items > config.max_items:
        raise TooLargeError(
            f"EASE inverts a dense matrix of {snapshot.n_items} x {snapshot.n_items} "
            f"items; its setting max_items allows {config.max_items}"
        )
    check("EASE", solve_seconds(snapshot.n_items) / current().cores)
    weight = recency_weights(edges.source, edges.time, config.recency)
    count = np.bincount(edges.source, minlength=snapshot.n_users)
    # Each of the two factors of the Gram matrix has the root of a history's weight.
    balance = (np.maximum(count, 1) / count.mean()) ** (-config.balance / 2)
    weight = weight * balance[edges.source].astype(np.float32)
    matrix = sparse.csr_array(
        (weight, (edges.source, edges.target)),
        shape=(snapshot.n_users, snapshot.n_items),
    )
    gram = np.asarray((matrix.T @ matrix).toarray(), np.float32)
    gram[np.diag_indices_from(gram)] += config.regularization
    factor, lower = linalg.cho_factor(gram, overwrite_a=True, check_finite=False)
    inverse, info = linalg.lapack.spotri(factor, lower=lower, overwrite_c=True)
    if info:
        raise ValueError("the Gram matrix is singular; raise the regularization")
    # LAPACK fills only one triangle.
    inverse = np.triu(inverse) + np.triu(inverse, 1).T
    solution = inverse / -np.diag(inverse)
    np.fill_diagonal(solution, 0)
    return Ease(snapshot.item_ids, np.ascontiguousarray(solution), config)


def load(artifact: Artifact) -> Ease:
    """Load the arrays and documents of `Ease.parts`."""
    config = Config(**artifact.document("ease"))
    return Ease(artifact.array("item_ids"), artifact.array("matrix"), config)
