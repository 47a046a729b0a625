"""Every number here was worked out by hand."""

import numpy as np
import pytest

from recommender.ml import metrics

RANKED = np.array([[3, 1, 4], [0, 2, -1]])
INDPTR = np.array([0, 2, 3])
ITEMS = np.array([1, 5, 0])  # user 0 wants 1 and 5, user 1 wants 0
RELEVANT = np.array([2, 1])
HITS = np.array([[False, True, False], [True, False, False]])


def test_hits():
    np.testing.assert_array_equal(metrics.hits(RANKED, INDPTR, ITEMS), HITS)


def test_a_list_that_ends_early_hits_nothing_there():
    ranked = np.array([[-1, -1], [4, -1]])
    found = metrics.hits(ranked, np.array([0, 1, 2]), np.array([4, 4]))
    np.testing.assert_array_equal(found, [[False, False], [True, False]])


def test_recall_and_hit_rate():
    np.testing.assert_allclose(metrics.recall(HITS, RELEVANT), [0.5, 1])
    np.testing.assert_allclose(metrics.hit_rate(HITS, RELEVANT), [1, 1])
    np.testing.assert_allclose(metrics.hit_rate(~HITS & False, RELEVANT), [0, 0])


def test_ndcg():
    # User 0: 1/log2(3) over 1 + 1/log2(3) = 0.63093 / 1.63093.
    np.testing.assert_allclose(metrics.ndcg(HITS, RELEVANT), [0.386853, 1], rtol=1e-5)


def test_ndcg_of_a_full_list_is_one_with_more_targets_than_ranks():
    np.testing.assert_allclose(metrics.ndcg(np.ones((1, 2), bool), np.array([5])), [1])


def test_average_precision():
    # Hits at ranks 1 and 3 of 2 targets: (1/1 + 2/3) / 2; the rest: (1/2) / 2.
    hits = np.array([[True, False, True], [False, True, False]])
    relevant = np.array([2, 2])
    np.testing.assert_allclose(
        metrics.average_precision(hits, relevant), [5 / 6, 1 / 4]
    )


def test_coverage_and_gini():
    assert metrics.coverage(np.array([2, 0, 1, 0]), 4) == 0.5
    assert metrics.gini(np.array([3, 3, 3, 3]), 4) == 0
    assert metrics.gini(np.array([0, 0, 0, 8]), 4) == 0.75
    assert metrics.gini(np.array([1, 3]), 2) == 0.25


def test_novelty_is_mean_surprise():
    # Of 8 users 4 and 1 know the items: 1 and 3 bits; an unknown item counts as 1.
    watched = np.array([4, 1, 0])
    np.testing.assert_allclose(
        metrics.novelty(np.array([[0, 1], [2, -1]]), watched, 8), [2, 3]
    )


def test_bootstrap_interval_is_that_of_the_mean():
    values = np.repeat([0.0, 1.0], 200)
    interval = metrics.bootstrap(values, seed=1)
    assert interval.value == 0.5
    # The standard error is 0.5 / sqrt(400) = 0.025; 95 % are 1.96 of them.
    assert interval.low == pytest.approx(0.451, abs=0.006)
    assert interval.high == pytest.approx(0.549, abs=0.006)
    assert metrics.bootstrap(values, seed=1) == interval


def test_paired_difference_cancels_what_users_share():
    rng = np.random.default_rng(0)
    theirs = rng.uniform(0, 1, 300)
    interval = metrics.paired_difference(theirs + 0.01, theirs, seed=0)
    assert interval.low == pytest.approx(0.01)
    assert interval.high == pytest.approx(0.01)
    with pytest.raises(ValueError, match="same users"):
        metrics.paired_difference(theirs, theirs[1:], seed=0)


def test_bootstrap_of_lists_contains_the_value():
    ranked = np.array([[0, 1], [0, 2], [0, 3], [0, 1]])
    interval = metrics.bootstrap_lists(ranked, 8, metrics.coverage, seed=0)
    assert interval.value == 0.5
    assert interval.low < interval.value <= interval.high
