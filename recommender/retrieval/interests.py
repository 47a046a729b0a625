"""The watched videos that represent a viewer's interests."""

from __future__ import annotations

import numpy as np

from recommender.ml.models.base import Model
from recommender.ml.ranking import interest_clusters
from recommender.retrieval.viewer import Interaction, Viewer

NEWEST = 3  # watches that represent the interests where the model has no vectors
DECAY = 20.0  # watches after which the weight of a watch has fallen to 1/e


def representatives(viewer: Viewer, model: Model) -> list[Interaction]:
    """The newest watch, and the medoid of each cluster of watches in the model's space.

    The cluster with the greatest weight comes first.
    """
    watched = [row for row in viewer.newest if row.score > 0]
    vectors = model.item_vectors([row.video_id for row in watched])
    if vectors is None:
        return watched[:NEWEST]
    known = np.flatnonzero(vectors.any(1))
    weights = [watched[row].score * np.exp(-row / DECAY) for row in known]
    medoids = [
        watched[known[interest.medoid]]
        for interest in interest_clusters.interests(vectors[known], weights)
    ]
    return list(dict.fromkeys([*watched[:1], *medoids]))
