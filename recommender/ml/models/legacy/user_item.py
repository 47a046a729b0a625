"""The older systems' user-item matrix of watched and clicked videos.

A view is labelled *watched* when more than half of the video was seen (a setting), and
*clicked* otherwise. The matrix holds 1 for a video watched and ``clicked`` for one only
clicked; cosines between its columns give similar items, and sums of them
recommendations. Every result carries the label that fits most of its audience.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt

from recommender.ml.data.history import Trail, UserHistory
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray, positions
from recommender.ml.models import co_watch
from recommender.ml.models.base import Model, Parts, Progress, no_progress
from recommender.ml.models.co_watch import CoWatch
from recommender.ml.store.artifact import Artifact
from recommender.ml.store.vector_index import Hits

WATCHED, CLICKED = "watched", "clicked"
# An engagement score is FRACTION * watched fraction + LIKE * liked.
FRACTION, LIKE = 0.6, 0.4

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Config:
    """``watched_from``: the fraction beyond which a view counts as watched;
    ``clicked``: the entry of a video only clicked; for the rest see `co_watch`."""

    watched_from: float = 0.5
    clicked: float = 0.5
    neighbours: int = 200
    shrinkage: float = 5.0


@dataclass(frozen=True, eq=False)
class LabelledHits(Hits):
    """Hits with a label each, `WATCHED` or `CLICKED`."""

    labels: tuple[str, ...]


class UserItem(Model):
    """Co-watch over labels. ``watched_share`` (n_items,) is the share of an item's
    audience that watched it, NaN without an audience."""

    name = "user_item"

    def __init__(
        self, similarity: CoWatch, watched_share: FloatArray, config: Config
    ) -> None:
        self.item_ids = similarity.item_ids
        self._similarity = similarity
        self._watched_share = watched_share
        self._config = config

    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        return self._similarity.scores([self._labelled(state) for state in states])

    def labels(self, item_ids: IntArray) -> tuple[str, ...]:
        """The label that fits most of each item's audience; `CLICKED` if unknown."""
        place = positions(self.item_ids, item_ids)
        watched = np.append(self._watched_share > 0.5, False)[place]
        return tuple(np.where(watched, WATCHED, CLICKED).tolist())

    def recommend(
        self, state: UserHistory, *, k: int, exclude: npt.ArrayLike = ()
    ) -> LabelledHits:
        hits = super().recommend(state, k=k, exclude=exclude)
        return LabelledHits(hits.ids, hits.scores, self.labels(hits.ids))

    def similar(
        self, item_id: int, *, k: int, exclude: npt.ArrayLike = ()
    ) -> LabelledHits:
        hits = self._similarity.similar(item_id, k=k, exclude=exclude)
        return LabelledHits(hits.ids, hits.scores, self.labels(hits.ids))

    def parts(self) -> Parts:
        parts = self._similarity.parts()
        return Parts(
            {**parts.arrays, "watched_share": self._watched_share},
            {**parts.documents, "user_item": asdict(self._config)},
        )

    def renewed(self, snapshot: GraphSnapshot) -> UserItem:
        return fit(snapshot, self._config)

    def _labelled(self, state: UserHistory) -> UserHistory:
        """The history with the entries of the matrix as weights."""
        trail = state.watched
        liked = np.isin(trail.ids, state.liked.ids)
        weight = _values(trail.weight, liked, self._config)
        return replace(state, watched=Trail(trail.ids, weight, trail.time))


def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> UserItem:
    """Label every view and compute the cosines of the columns."""
    watched, n_items = snapshot.watched, snapshot.n_items
    pairs = snapshot.liked.source * n_items + snapshot.liked.target
    liked = np.isin(watched.source * n_items + watched.target, pairs)
    labelled = replace(watched, weight=_values(watched.weight, liked, config))
    audience = np.bincount(watched.target, watched.weight > 0, n_items)
    is_full = is_watched(watched.weight, liked, config.watched_from)
    with np.errstate(invalid="ignore"):
        share = np.bincount(watched.target, is_full, n_items) / audience
    return UserItem(
        co_watch.fit(
            replace(snapshot, watched=labelled),
            co_watch.Config(config.neighbours, config.shrinkage),
        ),
        share.astype(np.float32),
        config,
    )


def load(artifact: Artifact) -> UserItem:
    """The model as `UserItem.parts` stored it."""
    config = Config(**artifact.document("user_item"))
    return UserItem(co_watch.load(artifact), artifact.array("watched_share"), config)


def is_watched(score: FloatArray, liked: Flags, watched_from: float) -> Flags:
    """(n,): whether more than ``watched_from`` of the video was seen, by its engagement
    ``score`` (n,); False without a view."""
    fraction = (score - LIKE * liked) / FRACTION
    return np.asarray((score > 0) & (fraction > watched_from + 1e-6))


def _values(score: FloatArray, liked: Flags, config: Config) -> FloatArray:
    """Entries of the matrix: 1, ``clicked``, or 0 without a view."""
    watched = is_watched(score, liked, config.watched_from)
    value = np.where(watched, 1.0, config.clicked) * (score > 0)
    return np.asarray(value, np.float32)
