"""Maximal marginal relevance: a ranked list without too much of the same."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from recommender.ml.data.snapshot import FloatArray
from recommender.ml.models.base import Model
from recommender.ml.ranking.candidates import CandidateFeatures, Ranked

RELEVANCE = 0.75  # the share of relevance against diversity
FORGETTING = 0.9  # factor by which a video's redundancy falls with each later place
CREATOR_WINDOW = 12
CREATOR_CAP = 2  # videos of one creator in a window, if there are other creators


def diversify(
    ranked: Sequence[Ranked],
    features: Mapping[int, CandidateFeatures],
    *,
    count: int,
    relevance: float = RELEVANCE,
    model: Model | None = None,
) -> list[Ranked]:
    """The first `count` by maximal marginal relevance (Carbonell & Goldstein 1998).

    Videos are similar by their vectors in `model`, or by shared categories where one
    has no vector. No video is dropped: similar ones, and those of a creator who has
    filled their share of the window, come later.
    """
    if not ranked:
        return []
    rows = [features[item.video_id] for item in ranked]
    vectors = None
    if model is not None:
        vectors = model.item_vectors([item.video_id for item in ranked])
    similarity = _Similarity(category_vectors(rows), vectors)
    creators = [row.creator_id for row in rows]
    scores = np.array([item.score for item in ranked])
    scores = scores / scores.max()
    redundancy = np.zeros(len(ranked))
    left = np.ones(len(ranked), bool)
    recent: deque[int] = deque(maxlen=CREATOR_WINDOW - 1)
    chosen = []
    for _ in range(min(count, len(ranked))):
        value = relevance * scores - (1 - relevance) * redundancy
        full = {c for c in recent if recent.count(c) >= CREATOR_CAP}
        if full:
            value -= [2.0 if c in full else 0.0 for c in creators]
        place = int(np.argmax(np.where(left, value, -np.inf)))
        left[place] = False
        chosen.append(ranked[place])
        recent.append(creators[place])
        redundancy = np.maximum(FORGETTING * redundancy, similarity.to(place))
    return chosen


def category_vectors(features: Sequence[CandidateFeatures]) -> FloatArray:
    """(len(features), labels): categories and parent categories as unit vectors."""
    labels: dict[tuple[str, int], int] = {}
    rows = [
        [
            labels.setdefault(label, len(labels))
            for label in (
                *(("category", key) for key in row.categories),
                *(("parent", key) for key in row.parents),
            )
        ]
        for row in features
    ]
    vectors = np.zeros((len(features), max(1, len(labels))), np.float32)
    for row, places in enumerate(rows):
        vectors[row, places] = 1
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(norms == 0, 1, norms)).astype(np.float32)


class _Similarity:
    """How similar videos are, from 0 to 1."""

    def __init__(self, categories: FloatArray, vectors: FloatArray | None) -> None:
        self._categories = categories
        self._vectors = np.zeros((len(categories), 1)) if vectors is None else vectors
        self._known = np.asarray(self._vectors.any(axis=1))

    def to(self, place: int) -> FloatArray:
        """(n,): of every video to the one at `place`."""
        shared: FloatArray = self._categories @ self._categories[place]
        if not self._known[place]:
            return shared
        cosines = np.maximum(self._vectors @ self._vectors[place], 0)
        return np.where(self._known, cosines, shared).astype(np.float32)
