"""Maximal marginal relevance, on lists worked by hand."""

from __future__ import annotations

from datetime import timedelta

from recommender.ml.ranking.candidates import CandidateFeatures, Ranked
from recommender.ml.ranking.diversity import category_vectors, diversify


def video(creator=1, categories=(), parents=()):
    return CandidateFeatures(
        creator, timedelta(), frozenset(categories), frozenset(parents)
    )


def ranked(keys):
    return [Ranked(key, "popular", 1 / (60 + n)) for n, key in enumerate(keys, 1)]


def test_diversify_puts_the_unlike_between_the_alike():
    items = ranked([1, 2, 3])
    features = {
        key: video(creator=key, categories=[category])
        for key, category in ((1, 7), (2, 7), (3, 8))
    }
    chosen = diversify(items, features, count=3)
    assert [r.video_id for r in chosen] == [1, 3, 2]


def test_diversify_postpones_a_creator_but_drops_nothing():
    items = ranked(range(1, 7))
    features = {key: video(creator=1 if key < 5 else key) for key in range(1, 7)}
    chosen = [r.video_id for r in diversify(items, features, count=6)]
    assert set(chosen[:4]) == {1, 2, 5, 6}
    assert sorted(chosen) == [1, 2, 3, 4, 5, 6]


def test_shared_categories_make_videos_alike():
    vectors = category_vectors(
        [
            video(categories=[1], parents=[1]),
            video(categories=[2], parents=[1]),
            video(),
        ]
    )
    assert (vectors @ vectors.T).round(3).tolist() == [
        [1.0, 0.5, 0.0],
        [0.5, 1.0, 0.0],
        [0.0, 0.0, 0.0],
    ]
