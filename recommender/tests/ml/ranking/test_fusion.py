"""Rank fusion, on lists worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.ml.ranking.candidates import Candidate
from recommender.ml.ranking.fusion import concatenate, fuse, reorder


def candidates(source, keys):
    return [Candidate(key, source, 0.0) for key in keys]


def test_fusion_sums_weighted_reciprocal_ranks():
    fused = fuse(
        {
            "similar": candidates("similar", [1, 2]),
            "fresh": candidates("fresh", [2, 3]),
        },
        {"similar": 1.5, "fresh": 0.4},
    )
    expected = {1: 1.5 / 61, 2: 1.5 / 62 + 0.4 / 61, 3: 0.4 / 62}
    assert {r.video_id: r.score for r in fused} == pytest.approx(expected)
    assert [r.video_id for r in fused] == [2, 1, 3]
    assert [r.source for r in fused] == ["similar", "similar", "fresh"]


def test_ties_go_by_key_whatever_the_order_of_sources():
    one, two = candidates("a", [9]), candidates("b", [4])
    for lists in ({"a": one, "b": two}, {"b": two, "a": one}):
        assert [r.video_id for r in fuse(lists, {})] == [4, 9]


def test_another_order_leaves_the_scores_in_their_places():
    fused = fuse({"a": candidates("a", [1, 2, 3])}, {})
    reordered = reorder(fused, np.array([0.1, 0.9, 0.1], np.float32))
    assert [r.video_id for r in reordered] == [2, 1, 3]
    assert [r.score for r in reordered] == [r.score for r in fused]


def test_concatenation_leaves_each_video_in_its_first_place():
    ranked = concatenate([candidates("a", [3, 1]), candidates("b", [1, 2])])
    assert [(r.video_id, r.source) for r in ranked] == [(3, "a"), (1, "a"), (2, "b")]
