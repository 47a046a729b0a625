"""Popularity with time decay: the baseline for all models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ml.data import splits
from recommender.ml.data.history import UserHistory
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray, positions
from recommender.ml.evaluation import evaluate
from recommender.ml.models.base import NOTHING_SEARCHED, Model, Parts, Progress
from recommender.ml.store.artifact import Artifact
from recommender.ml.store.vector_index import Hits
from recommender.ml.train.budget import is_spent, until_spent

DAY = 86_400.0
# In days; the first wins ties.
HALF_LIVES = (14.0, 7.0, 3.0, 1.0, 0.3, 0.1, 30.0, 90.0, 365.0)
MAX_PEOPLE = 2000  # in the search for a half-life


@dataclass(frozen=True)
class Config:
    """``half_life_days``: the age at which a watch counts half; 0 chooses the one of
    greatest Recall@20 on the last ``validation`` share of watches."""

    half_life_days: float = 0.0
    validation: float = 0.1


class Popularity(Model):
    """Sum of decayed engagement, the same for everyone."""

    name = "popularity"

    def __init__(
        self,
        item_ids: IntArray,
        engagement: FloatArray,
        config: Config,
        searched: Mapping[str, Any] = NOTHING_SEARCHED,
    ) -> None:
        self.searched = searched
        self.item_ids = item_ids
        self._engagement = engagement
        self._order: IntArray | None = None
        self._config = config

    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        return np.tile(self._engagement, (len(states), 1))

    def score_each(
        self, states: Sequence[UserHistory], item_ids: npt.ArrayLike
    ) -> FloatArray:
        place = positions(self.item_ids, item_ids)
        scores = np.where(place >= 0, self._engagement[place], np.nan)
        return np.tile(scores.astype(np.float32), (len(states), 1))

    def recommend(
        self, state: UserHistory, *, k: int, exclude: npt.ArrayLike = ()
    ) -> Hits:
        seen = np.concatenate([state.watched.ids, np.asarray(exclude, np.int64)])
        if self._order is None:
            self._order = np.argsort(-self._engagement, kind="stable")
        # Enough of the most popular, whichever of them were seen.
        best = self._order[: k + len(seen)]
        best = best[~np.isin(self.item_ids[best], seen)][:k]
        return Hits(self.item_ids[best], self._engagement[best])

    def parts(self) -> Parts:
        return Parts(
            arrays={"item_ids": self.item_ids, "engagement": self._engagement},
            documents={"popularity": asdict(self._config)},
        )

    def renewed(self, snapshot: GraphSnapshot) -> Popularity:
        return fit(snapshot, self._config)


def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress | None = None
) -> Popularity:
    """Sum the engagement scores of users, halved every ``half_life_days`` of age."""
    half_life = config.half_life_days or best_half_life(snapshot, config)
    engagement = decayed_engagement(snapshot, half_life)
    chosen = replace(config, half_life_days=half_life)
    searched = {"half_life_days": half_life}
    return Popularity(snapshot.item_ids, engagement, chosen, searched)


def best_half_life(snapshot: GraphSnapshot, config: Config) -> float:
    """The best of `HALF_LIVES`, in days; the first if there is no validation part, or
    no time."""
    if is_spent():
        return HALF_LIVES[0]
    part = splits.validation_part(snapshot, config.validation)
    if part is None:
        return HALF_LIVES[0]
    part = part.sample(MAX_PEOPLE)
    popularity = (
        Popularity(
            snapshot.item_ids, decayed_engagement(part.history, half_life), config
        )
        for half_life in until_spent(HALF_LIVES)
    )
    values = [
        evaluate.ranking_metrics(evaluate.rank_items(model, part, 20), part)[
            "recall@20"
        ].mean()
        for model in popularity
    ]
    return HALF_LIVES[int(np.argmax(values))]


def load(artifact: Artifact) -> Popularity:
    """Load the arrays and documents of `Popularity.parts`."""
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
