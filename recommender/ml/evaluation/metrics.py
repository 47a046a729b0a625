"""Ranking metrics over arrays.

``hits`` is (users, k) bool: whether the item at each rank is a target; ``relevant``
(users,) the number of targets. Metrics of one user come back as (users,) arrays, so
that `interval` can resample users.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recommender.ml.data.snapshot import FloatArray, IntArray

Values = npt.NDArray[np.float64]
HitMatrix = npt.NDArray[np.bool_]

SMOOTHING = 0.01  # of `miscalibration`, as in its paper


def hits(ranked: IntArray, indptr: IntArray, items: IntArray) -> HitMatrix:
    """Which of ``ranked`` (users, k; -1 where a list ends early) are targets.

    ``indptr`` and ``items`` are the CSR rows of each user's targets.
    """
    size = int(max(ranked.max(initial=0), items.max(initial=0))) + 1
    owner = np.repeat(np.arange(len(ranked)), np.diff(indptr))
    rows = np.arange(len(ranked))[:, None]
    is_target = np.isin(rows * size + ranked, owner * size + items)
    return is_target & (ranked >= 0)


def recall(hits: HitMatrix, relevant: IntArray) -> Values:
    """Share of a user's targets among the first k."""
    return np.asarray(hits.sum(1) / relevant, np.float64)


def hit_rate(hits: HitMatrix, relevant: IntArray) -> Values:
    """1 if at least one target is among the first k, else 0."""
    return np.asarray(hits.any(1), np.float64)


def ndcg(hits: HitMatrix, relevant: IntArray) -> Values:
    """Binary gains discounted by 1 / log2(rank + 1), divided by the ideal list's."""
    k = hits.shape[1]
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(relevant, k) - 1]
    return np.asarray((hits @ discount) / ideal, np.float64)


def graded_ndcg(
    scores: FloatArray, grades: IntArray, lists: IntArray, k: int
) -> Values:
    """(lists,): NDCG@k of lists of any length with graded items, in order of list ids.

    All inputs are (n,); an item of grade g gains 2^g - 1 (Burges et al., ICML 2005).
    ``lists`` must be sorted; ties keep their order. 0 where all grades are 0.
    """
    order = np.lexsort((-scores, lists))
    ideal = np.lexsort((-grades, lists))
    _, start, size = np.unique(lists, return_index=True, return_counts=True)
    rank = np.arange(len(lists)) - np.repeat(start, size)
    discount = np.where(rank < k, 1 / np.log2(rank + 2), 0)
    gains = 2.0**grades - 1
    actual, best = (
        np.bincount(np.repeat(np.arange(len(size)), size), gains[each] * discount)
        for each in (order, ideal)
    )
    return np.asarray(actual / np.where(best > 0, best, 1), np.float64)


def average_precision(hits: HitMatrix, relevant: IntArray) -> Values:
    """Mean of the precision at each target's rank, over min(targets, k)."""
    k = hits.shape[1]
    precision = np.cumsum(hits, 1) / np.arange(1, k + 1)
    total = (precision * hits).sum(1)
    return np.asarray(total / np.minimum(relevant, k), np.float64)


def coverage(shown: IntArray, n_items: int) -> float:
    """Share of items that are in any list; ``shown`` (n_items,) counts lists."""
    return float((shown > 0).sum() / n_items)


def gini(shown: IntArray, n_items: int) -> float:
    """0 if all items are shown equally often, near 1 if only one is shown."""
    # Items shown equally often have neighbouring ranks: no sort of all items is needed.
    items = np.bincount(shown, minlength=1).astype(np.float64)
    lists = np.arange(len(items)) * items
    if not lists.sum():
        return 0.0
    last = np.cumsum(items)
    return float((2 * last - items - n_items) @ lists / (n_items * lists.sum()))


def novelty(ranked: IntArray, watched: IntArray, n_users: int) -> Values:
    """Mean surprise of each list, -log2 of the share of users who know the item.

    ``watched`` (n_items,) counts those users; an item without any counts as 1.
    """
    surprise = -np.log2(np.maximum(watched, 1) / max(n_users, 1))
    shown = ranked >= 0
    total = np.where(shown, surprise[np.maximum(ranked, 0)], 0).sum(1)
    return np.asarray(total / np.maximum(shown.sum(1), 1), np.float64)


def diversity(ranked: IntArray, labels: FloatArray) -> Values:
    """Mean over the pairs of each list of 1 - cosine of their ``labels`` (n_items, c).

    A video without labels has cosine 0 to all others; a list of fewer than two items
    gets 0.
    """
    length = np.linalg.norm(labels, axis=1, keepdims=True)
    units = labels / np.maximum(length, 1e-12)
    shown = (ranked >= 0)[:, :, None]
    vectors = np.where(shown, units[np.maximum(ranked, 0)], 0)
    same = (vectors.sum(1) ** 2).sum(1) - (vectors**2).sum((1, 2))
    count = (ranked >= 0).sum(1)
    pairs = count * (count - 1)
    return np.where(pairs > 0, 1 - same / np.maximum(pairs, 1), 0).astype(np.float64)


def miscalibration(
    ranked: IntArray, labels: FloatArray, profiles: FloatArray
) -> Values:
    """The Kullback-Leibler divergence of each list's categories from the user's past
    ones, in nats (Steck, RecSys 2018); 0 is best.

    Rows of ``labels`` (n_items, c) and ``profiles`` (users, c) are shares that sum to
    1, or to 0 if nothing is known. A user without a profile gets 0.
    """
    shown = (ranked >= 0)[:, :, None]
    listed = np.where(shown, labels[np.maximum(ranked, 0)], 0).sum(1)
    listed = listed / np.maximum(listed.sum(1, keepdims=True), 1e-12)
    mixed = (1 - SMOOTHING) * listed + SMOOTHING * profiles
    ratio = np.where(profiles > 0, profiles, 1) / np.where(profiles > 0, mixed, 1)
    return np.asarray((profiles * np.log(ratio)).sum(1), np.float64)
