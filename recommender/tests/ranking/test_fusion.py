"""Blending, diversity and exploration, on lists worked by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from recommender.ranking import fusion
from recommender.retrieval.sources import Candidate, Facts


def candidates(source, keys):
    return [Candidate(key, source, 0.0) for key in keys]


def fact(creator=1, categories=(), parents=()):
    return Facts(creator, timedelta(), frozenset(categories), frozenset(parents))


def test_blend_sums_weighted_reciprocal_ranks():
    blended = fusion.blend(
        {"similar": candidates("similar", [1, 2]), "fresh": candidates("fresh", [2, 3])}
    )
    expected = {1: 1.5 / 61, 2: 1.5 / 62 + 0.4 / 61, 3: 0.4 / 62}
    assert {r.video_id: r.score for r in blended} == pytest.approx(expected)
    assert [r.video_id for r in blended] == [2, 1, 3]
    assert [r.source for r in blended] == ["similar", "similar", "fresh"]


def test_ties_go_by_key_whatever_the_order_of_sources():
    one, two = candidates("a", [9]), candidates("b", [4])
    for lists in ({"a": one, "b": two}, {"b": two, "a": one}):
        assert [r.video_id for r in fusion.blend(lists)] == [4, 9]


def test_diversify_puts_the_unlike_between_the_alike():
    ranked = fusion.blend({"popular": candidates("popular", [1, 2, 3])})
    facts = {
        key: fact(creator=key, categories=[category])
        for key, category in ((1, 7), (2, 7), (3, 8))
    }
    chosen = fusion.diversify(ranked, facts, count=3)
    assert [r.video_id for r in chosen] == [1, 3, 2]


def test_diversify_postpones_a_creator_but_drops_nothing():
    ranked = fusion.blend({"popular": candidates("popular", range(1, 7))})
    facts = {key: fact(creator=1 if key < 5 else key) for key in range(1, 7)}
    chosen = [r.video_id for r in fusion.diversify(ranked, facts, count=6)]
    assert set(chosen[:4]) == {1, 2, 5, 6}
    assert sorted(chosen) == [1, 2, 3, 4, 5, 6]


def test_shared_categories_make_videos_alike():
    vectors = fusion.category_vectors(
        [fact(categories=[1], parents=[1]), fact(categories=[2], parents=[1]), fact()]
    )
    assert (vectors @ vectors.T).round(3).tolist() == [
        [1.0, 0.5, 0.0],
        [0.5, 1.0, 0.0],
        [0.0, 0.0, 0.0],
    ]


@pytest.mark.parametrize("length", [0, 3, 7, 8, 24, 120])
def test_exploration_takes_one_place_in_twelve(length):
    offered = [f"e{n}" for n in range(fusion.slots(length))]
    mixed = fusion.with_exploration(list(range(length)), offered)
    places = [i for i, item in enumerate(mixed) if isinstance(item, str)]
    assert places == list(range(7, len(mixed), 12))[: len(places)]
    assert [item for item in mixed if isinstance(item, int)] == list(range(length))
    if length > 7:
        assert 0.04 <= len(places) / len(mixed) <= 0.125
    assert len(offered) <= len(places) + 1


def test_exploration_goes_on_where_the_feed_ended():
    first = fusion.with_exploration(list(range(20)), ["a", "b"])
    more = fusion.with_exploration(list(range(20)), ["c", "d"], offset=len(first))
    places = [i for i, x in enumerate(first + more) if isinstance(x, str)]
    assert places == [7, 19, 31]
