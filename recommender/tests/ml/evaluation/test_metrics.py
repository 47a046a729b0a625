"""Every number here was worked out by hand."""

import numpy as np
import pytest

from recommender.ml.evaluation import metrics

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


def test_diversity_is_the_mean_distance_of_pairs():
    labels = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], float)
    ranked = np.array([[0, 1, 2], [0, 1, -1], [0, 3, -1], [2, -1, -1]])
    # Of three pairs two differ; equal ones; one without a label; no pair at all.
    np.testing.assert_allclose(metrics.diversity(ranked, labels), [2 / 3, 0, 1, 0])


def test_miscalibration_is_the_divergence_from_the_past():
    labels = np.array([[1, 0], [0, 1]], float)
    profiles = np.array([[0.5, 0.5], [1, 0], [0, 0]])
    ranked = np.array([[0, 1], [1, -1], [0, 1]])
    # Just like the past; the list has nothing of it: ln(1 / 0.01); no past.
    np.testing.assert_allclose(
        metrics.miscalibration(ranked, labels, profiles), [0, np.log(100), 0]
    )


def test_graded_ndcg_by_hand():
    # First list in order of the scores: grades 0, 2, 1 of gains 0, 3, 1; ideal 2, 1, 0.
    # Second: nothing watched. Third: cut after two, the watched third.
    scores = np.array([0.1, 0.9, 0.5, 1.0, 2.0, 3.0, 2.0, 1.0])
    grades = np.array([1, 0, 2, 0, 0, 0, 0, 1])
    lists = np.array([0, 0, 0, 1, 1, 2, 2, 2])
    found = metrics.graded_ndcg(scores, grades, lists, 3)
    third = 1 / np.log2(4)
    expected = (3 / np.log2(3) + third) / (3 + 1 / np.log2(3))
    assert found.tolist() == pytest.approx([expected, 0, third])
    assert metrics.graded_ndcg(scores, grades, lists, 2)[2] == 0
