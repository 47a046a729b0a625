"""Intervals of metrics."""

import numpy as np
import pytest

from recommender.ml.evaluation import metrics
from recommender.ml.evaluation.interval import (
    bootstrap,
    jackknife_lists,
    paired_difference,
)


def test_bootstrap_interval_is_that_of_the_mean():
    values = np.repeat([0.0, 1.0], 200)
    interval = bootstrap(values, seed=1)
    assert interval.value == 0.5
    # The standard error is 0.5 / sqrt(400) = 0.025; 95 % are 1.96 of them.
    assert interval.low == pytest.approx(0.451, abs=0.006)
    assert interval.high == pytest.approx(0.549, abs=0.006)
    assert bootstrap(values, seed=1) == interval


def test_paired_difference_cancels_what_users_share():
    rng = np.random.default_rng(0)
    theirs = rng.uniform(0, 1, 300)
    interval = paired_difference(theirs + 0.01, theirs, seed=0)
    assert interval.low == pytest.approx(0.01)
    assert interval.high == pytest.approx(0.01)
    with pytest.raises(ValueError, match="same users"):
        paired_difference(theirs, theirs[1:], seed=0)


def test_the_interval_of_lists_lies_around_the_value():
    # Left out one after another, the lists 1 to 4 leave 4, 3, 3 and 4 of 8 shown:
    # 3/4 * (4 * 1/16^2) is the variance of the value, 4/8.
    ranked = np.array([[0, 1], [0, 2], [0, 3], [0, 1]])
    interval = jackknife_lists(ranked, 8, metrics.coverage, seed=0)
    assert interval.value == 0.5
    error = (3 / 4 * 4 / 16**2) ** 0.5
    assert interval.low == pytest.approx(0.5 - 1.96 * error)
    assert interval.high == pytest.approx(0.5 + 1.96 * error)


def test_the_interval_of_coverage_holds_what_other_users_would_give():
    rng = np.random.default_rng(0)
    chances = rng.dirichlet(np.full(400, 0.3))

    def lists(seed):
        draw = np.random.default_rng(seed)
        return np.array([draw.choice(400, 5, False, chances) for _ in range(60)])

    interval = jackknife_lists(lists(1), 400, metrics.coverage, seed=0)
    others = [
        metrics.coverage(np.bincount(lists(s).ravel(), minlength=400), 400)
        for s in range(2, 42)
    ]
    inside = [interval.low <= other <= interval.high for other in others]
    assert np.mean(inside) > 0.7
