"""Maximal marginal relevance, on lists worked by hand."""

from __future__ import annotations

import numpy as np

from recommender.ml.data.catalogue import VideoFeatures
from recommender.ml.ranking.candidates import Ranked
from recommender.ml.ranking.diversity import category_vectors, diversify


def videos(*rows):
    """Features of videos of (key, creator, categories, parent categories)."""
    keys, creators, categories, parents = zip(*rows, strict=True)
    labels = [
        np.array(
            [(place, key) for place, keys in enumerate(level) for key in keys], np.int64
        ).reshape(-1, 2)
        for level in (categories, parents)
    ]
    none = np.zeros(len(rows))
    return VideoFeatures(
        np.array(keys),
        np.array(creators),
        none,
        none,
        np.zeros((len(rows), 3), np.int64),
        (labels[0][:, 0], labels[0][:, 1]),
        (labels[1][:, 0], labels[1][:, 1]),
    )


def ranked(keys):
    return [Ranked(key, "popular", 1 / (60 + n)) for n, key in enumerate(keys, 1)]


def test_diversify_puts_the_unlike_between_the_alike():
    items = ranked([1, 2, 3])
    features = videos((1, 1, [7], []), (2, 2, [7], []), (3, 3, [8], []))
    chosen = diversify(items, features, count=3)
    assert [r.video_id for r in chosen] == [1, 3, 2]


def test_diversify_postpones_a_creator_but_drops_nothing():
    items = ranked(range(1, 7))
    features = videos(*((n, 1 if n < 5 else n, [], []) for n in range(1, 7)))
    chosen = [r.video_id for r in diversify(items, features, count=6)]
    assert set(chosen[:4]) == {1, 2, 5, 6}
    assert sorted(chosen) == [1, 2, 3, 4, 5, 6]


def test_shared_categories_make_videos_alike():
    vectors = category_vectors(
        videos((1, 1, [1], [1]), (2, 1, [2], [1]), (3, 1, [], []))
    )
    assert (vectors @ vectors.T).round(3).tolist() == [
        [1.0, 0.5, 0.0],
        [0.5, 1.0, 0.0],
        [0.0, 0.0, 0.0],
    ]
