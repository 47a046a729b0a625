"""Popularity with time decay: what everyone watches now. The rival to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.ml.artifact import Artifact
from recommender.ml.graph import FloatArray, GraphSnapshot, IntArray
from recommender.ml.history import UserHistory
from recommender.ml.models import Model, Parts, Progress

DAY = 86_400.0


@dataclass(frozen=True)
class Config:
    """``half_life_days``: after how long a watch counts half."""

    half_life_days: float = 14.0


class Popularity(Model):
    """Sum of decayed engagement, the same for everyone."""

    name = "popularity"

    def __init__(
        self, item_ids: IntArray, engagement: FloatArray, config: Config
    ) -> None:
        self.item_ids = item_ids
        self._engagement = engagement
        self._config = config

    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        return np.tile(self._engagement, (len(states), 1))

    def parts(self) -> Parts:
        return Parts(
            arrays={"item_ids": self.item_ids, "engagement": self._engagement},
            documents={"popularity": {"half_life_days": self._config.half_life_days}},
        )

    def renewed(self, snapshot: GraphSnapshot) -> Popularity:
        return fit(snapshot, self._config)


def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress | None = None
) -> Popularity:
    """Engagement scores summed over users, halved every ``half_life_days`` of age."""
    engagement = decayed_engagement(snapshot, config.half_life_days)
    return Popularity(snapshot.item_ids, engagement, config)


def load(artifact: Artifact) -> Popularity:
    """The model as `Popularity.parts` stored it."""
    return Popularity(
        artifact.array("item_ids"),
        artifact.array("engagement"),
        Config(**artifact.document("popularity")),
    )


def decayed_engagement(snapshot: GraphSnapshot, half_life_days: float) -> FloatArray:
    """(n_items,) sums of watch weights, each halved every ``half_life_days``."""
    age = np.maximum(snapshot.taken_at - snapshot.watched.time, 0) / DAY
    decayed = snapshot.watched.weight * np.exp2(-age / half_life_days)
    total = np.bincount(
        snapshot.watched.target, weights=decayed, minlength=snapshot.n_items
    )
    return total.astype(np.float32)
