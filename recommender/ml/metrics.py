"""Ranking metrics over arrays, each with a bootstrap interval.

``hits`` is (users, k) bool: whether the item at each rank is a target; ``relevant``
(users,) the number of targets. Metrics of one user come back as (users,) arrays, so
that intervals and paired differences resample users.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.ml.graph import IntArray

Values = npt.NDArray[np.float64]
Hits = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Interval:
    """A value with the bounds of its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def hits(ranked: IntArray, indptr: IntArray, items: IntArray) -> Hits:
    """Which of ``ranked`` (users, k; -1 where a list ends early) are targets.

    ``indptr`` and ``items`` are the CSR rows of each user's targets.
    """
    size = int(max(ranked.max(initial=0), items.max(initial=0))) + 1
    owner = np.repeat(np.arange(len(ranked)), np.diff(indptr))
    rows = np.arange(len(ranked))[:, None]
    found = np.isin(rows * size + ranked, owner * size + items)
    return found & (ranked >= 0)


def recall(hits: Hits, relevant: IntArray) -> Values:
    """Share of a user's targets among the first k."""
    return np.asarray(hits.sum(1) / relevant, np.float64)


def hit_rate(hits: Hits, relevant: IntArray) -> Values:
    """1 where at least one target is among the first k."""
    return np.asarray(hits.any(1), np.float64)


def ndcg(hits: Hits, relevant: IntArray) -> Values:
    """Binary gains discounted by 1 / log2(rank + 1), over the best possible list's."""
    k = hits.shape[1]
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(relevant, k) - 1]
    return np.asarray((hits @ discount) / ideal, np.float64)


def average_precision(hits: Hits, relevant: IntArray) -> Values:
    """Mean of the precision at each target's rank, over min(targets, k)."""
    k = hits.shape[1]
    precision = np.cumsum(hits, 1) / np.arange(1, k + 1)
    total = (precision * hits).sum(1)
    return np.asarray(total / np.minimum(relevant, k), np.float64)


def coverage(shown: IntArray, n_items: int) -> float:
    """Share of all items that are shown at all; ``shown`` (n_items,) counts."""
    return float((shown > 0).sum() / n_items)


def gini(shown: IntArray, n_items: int) -> float:
    """0 when all items are shown equally often, towards 1 when one takes all."""
    counts = np.sort(shown.astype(np.float64))
    if not counts.sum():
        return 0.0
    rank = np.arange(1, n_items + 1)
    return float((2 * rank - n_items - 1) @ counts / (n_items * counts.sum()))


def novelty(ranked: IntArray, watched: IntArray, n_users: int) -> Values:
    """Mean surprise of each list, -log2 of the share of users who know the item.

    ``watched`` (n_items,) counts those users; an unknown item counts as one user's.
    """
    surprise = -np.log2(np.maximum(watched, 1) / max(n_users, 1))
    shown = ranked >= 0
    total = np.where(shown, surprise[np.maximum(ranked, 0)], 0).sum(1)
    return np.asarray(total / np.maximum(shown.sum(1), 1), np.float64)


def bootstrap(values: Values, *, seed: int, resamples: int = 1000) -> Interval:
    """The mean over users and its percentile interval; NaN when there is no user."""
    if not len(values):
        return Interval(np.nan, np.nan, np.nan)
    means = [w @ values / len(values) for w in _weights(len(values), seed, resamples)]
    low, high = np.percentile(means, (2.5, 97.5))
    return Interval(float(values.mean()), float(low), float(high))


def paired_difference(
    ours: Values, theirs: Values, *, seed: int, resamples: int = 1000
) -> Interval:
    """Mean of ``ours - theirs`` over the same users; real if it does not touch 0."""
    if ours.shape != theirs.shape:
        raise ValueError("a paired difference needs the same users on both sides")
    return bootstrap(ours - theirs, seed=seed, resamples=resamples)


def bootstrap_lists(
    ranked: IntArray,
    n_items: int,
    metric: Callable[[IntArray, int], float],
    *,
    seed: int,
    resamples: int = 100,
) -> Interval:
    """`coverage` or `gini` of the lists ``ranked``, users resampled."""
    if not len(ranked):
        return Interval(np.nan, np.nan, np.nan)

    def shown(weights: IntArray) -> IntArray:
        real = ranked >= 0
        times = np.broadcast_to(weights[:, None], ranked.shape)[real]
        counts = np.bincount(ranked[real], weights=times, minlength=n_items)
        return counts.astype(np.int64)

    draws = _weights(len(ranked), seed, resamples)
    low, high = np.percentile([metric(shown(w), n_items) for w in draws], (2.5, 97.5))
    value = metric(shown(np.ones(len(ranked), np.int64)), n_items)
    return Interval(value, float(low), float(high))


def _weights(n: int, seed: int, resamples: int) -> Iterator[IntArray]:
    """How often each of ``n`` users is drawn, (n,), once a resample."""
    generator = np.random.default_rng(seed)
    for _ in range(resamples):
        yield np.bincount(generator.integers(n, size=n), minlength=n)
