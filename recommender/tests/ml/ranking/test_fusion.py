"""Rank fusion, on lists worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.ml.data.selection import Ordered
from recommender.ml.ranking.candidates import Candidates
from recommender.ml.ranking.fusion import concatenate, fuse, reorder


def candidates(keys, remaining=None):
    return Candidates.of(
        Ordered(np.array(keys), np.zeros(len(keys))), remaining=remaining
    )


def test_fusion_sums_weighted_reciprocal_ranks():
    fused = fuse(
        {
            "similar": candidates([1, 2]),
            "fresh": candidates([2, 3]),
        },
        {"similar": 1.5, "fresh": 0.4},
    )
    expected = {1: 1.5 / 61, 2: 1.5 / 62 + 0.4 / 61, 3: 0.4 / 62}
    assert {r.video_id: r.score for r in fused} == pytest.approx(expected)
    assert [r.video_id for r in fused] == [2, 1, 3]
    assert [r.source for r in fused] == ["similar", "similar", "fresh"]


def test_ties_go_by_key_whatever_the_order_of_sources():
    one, two = candidates([9]), candidates([4])
    for lists in ({"a": one, "b": two}, {"b": two, "a": one}):
        assert [r.video_id for r in fuse(lists, {})] == [4, 9]


def test_another_order_leaves_the_scores_in_their_places():
    fused = fuse({"a": candidates([1, 2, 3])}, {})
    reordered = reorder(fused, np.array([0.1, 0.9, 0.1], np.float32))
    assert [r.video_id for r in reordered] == [2, 1, 3]
    assert [r.score for r in reordered] == [r.score for r in fused]


def test_concatenation_leaves_each_video_in_its_first_place():
    ranked = concatenate(
        [("a", candidates([3, 1])), ("b", candidates([1, 2]))], count=9
    )
    assert [(r.video_id, r.source) for r in ranked] == [(3, "a"), (1, "a"), (2, "b")]


def test_what_only_fills_up_a_list_has_another_source():
    lists = {"popular": candidates([5, 6, 7], remaining=1)}
    fused = fuse(lists, {}, count=2, fillers="catalogue")
    assert [(r.video_id, r.source) for r in fused] == [(5, "popular"), (6, "catalogue")]
    ranked = concatenate(lists.items(), count=2, fillers="catalogue")
    assert [r.source for r in ranked] == ["popular", "catalogue"]
