"""A linear map from the newest watches to the next, in closed form.

The transition model of Choe et al., "Session-aware Linear Item-Item Models for
Session-based Recommendation" (WWW 2021): a ridge regression, at every position of every
history, from the watches so far, decayed by age, to the next watch. (EASE ignores the
order of watches.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import linalg

from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray
from recommender.ml.models.base import Progress, no_progress
from recommender.ml.models.item_matrix import ItemMatrixModel, solve_seconds
from recommender.ml.store.artifact import Artifact
from recommender.ml.train.budget import check, current


@dataclass(frozen=True)
class Config:
    """``regularization`` of the diagonal; ``recency``: the number of newer watches
    after which a watch has 1/e of its weight.

    Each of a history's n watches has weight n^-``balance``; only the newest ``length``
    are used. The item-item matrix is dense: more than ``max_items`` items raise an
    error.
    """

    regularization: float = 30.0
    recency: float = 10.0
    balance: float = 0.0
    length: int = 1000
    max_items: int = 20_000


class Transition(ItemMatrixModel[Config]):
    """A row of ``matrix`` holds the weights of a watch for the next items."""

    name = "transition"

    def renewed(self, snapshot: GraphSnapshot) -> Transition:
        """The solution for the new snapshot: there is no training to save."""
        return fit(snapshot, self._config)


def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> Transition:
    """Solve the normal equations; raises `ValueError` without watches in an order, or
    with more items than ``max_items``, `OutOfTimeError` past the budget."""
    if snapshot.n_items > config.max_items:
        raise ValueError(
            f"transition solves for a dense matrix of {snapshot.n_items} x "
            f"{snapshot.n_items} items; its setting max_items allows {config.max_items}"
        )
    gram, followed = _normal_equations(snapshot, config)
    if not followed.any():
        raise ValueError("no history in the snapshot has an order to learn from")
    gram[np.diag_indices_from(gram)] += config.regularization
    solution = linalg.solve(gram, followed, assume_a="pos", overwrite_a=True)
    return Transition(snapshot.item_ids, np.ascontiguousarray(solution), config)


def load(artifact: Artifact) -> Transition:
    """Load the arrays and documents of `Transition.parts`."""
    config = Config(**artifact.document("transition"))
    return Transition(artifact.array("item_ids"), artifact.array("matrix"), config)


def _normal_equations(
    snapshot: GraphSnapshot, config: Config
) -> tuple[FloatArray, FloatArray]:
    """X'X and X'Y, both (items, items), summed over all histories.

    Row t of a history's X holds fade^(t - j) for each watch j up to t, row t of Y the
    watch t + 1. The sums over t are geometric series, so X is not computed.
    """
    gram = np.zeros((snapshot.n_items, snapshot.n_items), np.float32)
    followed = np.zeros_like(gram)
    fade = np.exp(-1 / config.recency)
    watches = np.bincount(snapshot.watched.source).max(initial=1)
    faded = linalg.toeplitz(fade ** np.arange(min(config.length, watches)))
    faded = faded.astype(np.float32)
    ahead = np.triu(faded, 1) / np.float32(fade)
    solve = solve_seconds(snapshot.n_items) / current().cores
    for items in _sequences(snapshot, config.length):
        check("transition", solve)
        n = len(items)
        weight = np.float32(n**-config.balance)
        left = (1 - fade ** (2 * np.arange(n)[::-1])) / (1 - fade**2)
        left = left.astype(np.float32)
        both = faded[:n, :n] * np.minimum(left[:, None], left)
        gram[np.ix_(items, items)] += weight * both
        followed[np.ix_(items, items)] += weight * ahead[:n, :n]
    return gram, followed


def _sequences(snapshot: GraphSnapshot, length: int) -> Iterator[IntArray]:
    """The newest ``length`` items of each history, the oldest first; without histories
    whose watches all have the same time."""
    edges = snapshot.positive_watches
    order = np.lexsort((edges.time, edges.source))
    items, times = edges.target[order], edges.time[order]
    ends = np.searchsorted(edges.source, np.arange(snapshot.n_users + 1))
    for start, stop in pairwise(ends):
        if stop - start > 1 and times[start] < times[stop - 1]:
            yield items[max(start, stop - length) : stop]
