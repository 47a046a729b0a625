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

SMOOTHING = 0.01  # of `miscalibration`, as its paper has it


def hits(ranked: IntArray, indptr: IntArray, items: IntArray) -> HitMatrix:
    """Which of ``ranked`` (users, k; -1 where a list ends early) are targets.

    ``indptr`` and ``items`` are the CSR rows of each user's targets.
    """
    size = int(max(ranked.max(initial=0), items.max(initial=0))) + 1
    owner = np.repeat(np.arange(len(ranked)), np.diff(indptr))
    rows = np.arange(len(ranked))[:, None]
    found = np.isin(rows * size + ranked, owner * size + items)
    return found & (ranked >= 0)


def recall(hits: HitMatrix, relevant: IntArray) -> Values:
    """Share of a user's targets among the first k."""
    return np.asarray(hits.sum(1) / relevant, np.float64)


def hit_rate(hits: HitMatrix, relevant: IntArray) -> Values:
    """1 where at least one target is among the first k."""
    return np.asarray(hits.any(1), np.float64)


def ndcg(hits: HitMatrix, relevant: IntArray) -> Values:
    """Binary gains discounted by 1 / log2(rank + 1), over the best possible list's."""
    k = hits.shape[1]
    discount = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.minimum(relevant, k) - 1]
    return np.asarray((hits @ discount) / ideal, np.float64)


def graded_ndcg(
    scores: FloatArray, grades: IntArray, lists: IntArray, k: int
) -> Values:
    """NDCG@k of lists of any length whose items have grades, in order of their ids.

    All are (n,); an item of grade g gains 2^g - 1 (Burges et al., ICML 2005). ``lists``
    must not fall; of equal scores the first comes first. 0 where all grades are 0.
    """
    order = np.lexsort((-scores, lists))
    ideal = np.lexsort((-grades, lists))
    _, start, size = np.unique(lists, return_index=True, return_counts=True)
    rank = np.arange(len(lists)) - np.repeat(start, size)
    discount = np.where(rank < k, 1 / np.log2(rank + 2), 0)
    gains = 2.0**grades - 1
    found, best = (
        np.bincount(np.repeat(np.arange(len(size)), size), gains[each] * discount)
        for each in (order, ideal)
    )
    return np.asarray(found / np.where(best > 0, best, 1), np.float64)


def average_precision(hits: HitMatrix, relevant: IntArray) -> Values:
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


def diversity(ranked: IntArray, labels: FloatArray) -> Values:
    """Mean over the pairs of each list of 1 - cosine of their ``labels`` (n_items, c).

    A video without a label is like no other; a list of fewer than two has none.
    """
    length = np.linalg.norm(labels, axis=1, keepdims=True)
    units = labels / np.maximum(length, 1e-12)
    shown = (ranked >= 0)[:, :, None]
    vectors = np.where(shown, units[np.maximum(ranked, 0)], 0)
    same = (vectors.sum(1) ** 2).sum(1) - (vectors**2).sum((1, 2))
    count = (ranked >= 0).sum(1)
    pairs = count * (count - 1)
    return np.where(pairs > 0, 1 - same / np.maximum(pairs, 1), 0).astype(np.float64)


def miscalibration(ranked: IntArray, labels: FloatArray, tastes: FloatArray) -> Values:
    """How far the categories of each list are from those of the past: the divergence
    of Kullback and Leibler, in nats, as Steck has it (RecSys 2018); 0 is best.

    ``labels`` (n_items, c) and ``tastes`` (users, c), of which rows are shares that sum
    to 1 or, where nothing is known, 0. Who has no taste is content with any list.
    """
    shown = (ranked >= 0)[:, :, None]
    listed = np.where(shown, labels[np.maximum(ranked, 0)], 0).sum(1)
    listed = listed / np.maximum(listed.sum(1, keepdims=True), 1e-12)
    mixed = (1 - SMOOTHING) * listed + SMOOTHING * tastes
    ratio = np.where(tastes > 0, tastes, 1) / np.where(tastes > 0, mixed, 1)
    return np.asarray((tastes * np.log(ratio)).sum(1), np.float64)
