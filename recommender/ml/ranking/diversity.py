"""Maximal marginal relevance: a ranked list without too much of the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recommender.ml.data.catalogue import VideoFeatures
from recommender.ml.data.snapshot import FloatArray
from recommender.ml.models.base import Model
from recommender.ml.ranking.candidates import Ranked

RELEVANCE = 0.75  # the share of relevance against diversity
FORGETTING = 0.9  # factor by which a video's redundancy falls with each later place
CREATOR_WINDOW = 12
CREATOR_CAP = 2  # videos of one creator in a window, if there are other creators


def diversify(
    ranked: Sequence[Ranked],
    features: VideoFeatures,
    *,
    count: int,
    relevance: float = RELEVANCE,
    model: Model | None = None,
) -> list[Ranked]:
    """The first `count` by maximal marginal relevance (Carbonell & Goldstein 1998).

    `features` are those of `ranked`, in any order. Videos are similar by their vectors
    in `model`, or by shared categories where one has no vector. No video is dropped:
    similar ones, and those of a creator who has filled their share of the window, come
    later.
    """
    if not ranked:
        return []
    features = features.at(np.array([features.place[item.video_id] for item in ranked]))
    similarity = Similarity(features, model)
    creators = features.creators
    scores = np.array([item.score for item in ranked])
    left = relevance * (scores / scores.max())  # -inf once a video is chosen
    redundancy = np.zeros(len(ranked), np.float32)
    chosen: list[int] = []
    for _ in range(min(count, len(ranked))):
        value = left - (1 - relevance) * redundancy
        for creator in _filled(creators[chosen[-CREATOR_WINDOW + 1 :]].tolist()):
            value[creators == creator] -= 2.0
        place = int(value.argmax())
        chosen.append(place)
        left[place] = -np.inf
        redundancy *= FORGETTING
        np.maximum(redundancy, similarity.to(place), out=redundancy)
    return [ranked[place] for place in chosen]


class Similarity:
    """How similar videos are, from 0 to 1."""

    def __init__(self, features: VideoFeatures, model: Model | None) -> None:
        self._categories = category_vectors(features)
        self._vectors = None if model is None else model.item_vectors(features.keys)
        if self._vectors is not None:
            self._known = np.asarray(self._vectors.any(axis=1))
            self._all_known = bool(self._known.all())

    def to(self, place: int) -> FloatArray:
        """(n,): of each video to the one at ``place``."""
        similarity: FloatArray
        if self._vectors is None or not self._known[place]:
            similarity = self._categories @ self._categories[place]
            return similarity
        similarity = np.maximum(self._vectors @ self._vectors[place], 0)
        if not self._all_known:
            shared = self._categories @ self._categories[place]
            similarity = np.where(self._known, similarity, shared)
        return similarity


def category_vectors(features: VideoFeatures) -> FloatArray:
    """(len(features), labels): categories and parent categories as unit vectors."""
    owners = np.concatenate([features.categories[0], features.parents[0]])
    # The keys of the two levels overlap, so those of parents become negative.
    keys = np.concatenate([features.categories[1], -features.parents[1] - 1])
    labels, label = np.unique(keys, return_inverse=True)
    vectors = np.zeros((len(features), max(1, len(labels))), np.float32)
    vectors[owners, label] = 1
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(norms == 0, 1, norms)).astype(np.float32)


def _filled(recent: list[int]) -> set[int]:
    """The creators who have filled their share of the `recent` places."""
    return {one for one in recent if recent.count(one) >= CREATOR_CAP}
