"""Confidence intervals of metrics: bootstrap, paired differences, jackknife."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from recommender.ml.data.snapshot import FloatArray, IntArray
from recommender.ml.evaluation.metrics import Values

CACHED_DRAWS = 10_000_000  # users times resamples whose draws are cached


@dataclass(frozen=True)
class Interval:
    """A value with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


def bootstrap(values: Values, *, seed: int, resamples: int = 1000) -> Interval:
    """The mean over users and its percentile interval; NaN without users."""
    if not len(values):
        return Interval(np.nan, np.nan, np.nan)
    means = _sums(values, seed=seed, resamples=resamples) / len(values)
    low, high = np.percentile(means, (2.5, 97.5))
    return Interval(float(values.mean()), float(low), float(high))


def paired_difference(
    ours: Values, theirs: Values, *, seed: int, resamples: int = 1000
) -> Interval:
    """Mean of ``ours - theirs`` over the same users; significant if the interval
    excludes 0. Raises `ValueError` if the shapes differ."""
    if ours.shape != theirs.shape:
        raise ValueError("a paired difference needs the same users on both sides")
    return bootstrap(ours - theirs, seed=seed, resamples=resamples)


def jackknife_lists(
    ranked: IntArray,
    n_items: int,
    metric: Callable[[IntArray, int], float],
    *,
    seed: int,
    groups: int = 100,
) -> Interval:
    """`coverage` or `gini` of the lists ``ranked``, with the interval of the
    delete-a-group jackknife.

    The bootstrap would be biased: a resample holds about 63 % of the users, whose lists
    show fewer items, so its interval may lie below the value.
    """
    if not len(ranked):
        return Interval(np.nan, np.nan, np.nan)

    def shown(lists: IntArray) -> IntArray:
        return np.bincount(lists[lists >= 0], minlength=n_items)

    total = shown(ranked)
    value = metric(total, n_items)
    order = np.random.default_rng(seed).permutation(len(ranked))
    parts = np.array_split(order, min(groups, len(ranked)))
    without = np.array([metric(total - shown(ranked[p]), n_items) for p in parts])
    count = len(parts)
    error = np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum())
    low, high = value - 1.96 * error, value + 1.96 * error
    return Interval(value, float(max(low, 0)), float(min(high, 1)))


def _sums(values: Values, *, seed: int, resamples: int) -> Values:
    """(resamples,): sums over ``n`` of the n values, drawn with replacement."""
    n = len(values)
    if n * resamples <= CACHED_DRAWS:
        return np.asarray(_all_draws(n, seed, resamples) @ values, np.float64)
    return np.array([row @ values for row in _draws(n, seed, resamples)])


@lru_cache(maxsize=8)
def _all_draws(n: int, seed: int, resamples: int) -> FloatArray:
    """All of `_draws`, (resamples, n), cached because a report repeats them."""
    return np.array(list(_draws(n, seed, resamples)), np.float32)


def _draws(n: int, seed: int, resamples: int) -> Iterator[IntArray]:
    """For each resample, how often each of ``n`` users is drawn, (n,)."""
    generator = np.random.default_rng(seed)
    for _ in range(resamples):
        yield np.bincount(generator.integers(n, size=n), minlength=n)
