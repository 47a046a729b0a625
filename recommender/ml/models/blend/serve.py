"""Serves a blend: the weighted sum of its members' standardised scores.

The scales of models differ, so scores are centred and scaled over the items that a
person has not watched, by the person's deviation or the median one.

With the median deviations and more than `DENSE_ITEMS` items, a request does not score
every item: each member retrieves its best, and all members score these. Such scores are
not centred, which changes no order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ml.data.features import ItemFeatures
from recommender.ml.data.history import UserHistory, histories, watch_matrix
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray, positions
from recommender.ml.models import registry
from recommender.ml.models.base import (
    NOTHING_SEARCHED,
    FactorModel,
    Inductive,
    Model,
    Parts,
    top_k,
)
from recommender.ml.models.blend.config import Config
from recommender.ml.store.artifact import Artifact
from recommender.ml.store.vector_index import Hits, VectorIndex
from recommender.ml.train.budget import until_spent

DENSE_ITEMS = 5000  # up to as many, all items are scored
RETRIEVED = 300  # items of each member, at least
EXACT_ITEMS = 50_000  # up to as many, members search their vectors exactly
RECALL = 0.9  # of the search of more
REFERENCE = 256  # items with watches, to compare new ones with
PEOPLE_AT_ONCE, SCORES_AT_ONCE = 256, 8_000_000
SPREAD_PEOPLE = 500  # in the median deviation of scores


class Blend(Model):
    """``members`` and their weights by name; the first one with vectors finds similar
    items.

    Only `Inductive` members score videos without watches; these scores are scaled to
    the deviation of the total. ``watched_ids`` are the sorted ids of videos with
    watches. ``spreads`` are the median deviations of the members' scores, if scores are
    scaled by these.
    """

    name = "blend"

    def __init__(
        self,
        members: Mapping[str, Model],
        weights: Mapping[str, float],
        watched_ids: IntArray,
        spreads: Mapping[str, float] | None = None,
        searched: Mapping[str, Any] = NOTHING_SEARCHED,
    ) -> None:
        self.searched = searched
        self.members = dict(members)
        self._spreads = dict(spreads or {})
        self.weights = {name: float(weights[name]) for name in self.members}
        in_order = list(self.members.values())
        factors = (each for each in in_order if isinstance(each, FactorModel))
        self.first = next(factors, in_order[0])
        self.item_ids = self.first.item_ids
        self.reasons = self.first.reasons
        self._watched_ids = watched_ids

    @classmethod
    def from_members(
        cls,
        members: Mapping[str, Model],
        weights: Mapping[str, float],
        snapshot: GraphSnapshot,
        config: Config,
        searched: Mapping[str, Any] = NOTHING_SEARCHED,
    ) -> Blend:
        """Combine ``members`` that were fitted to ``snapshot``."""
        by_person = config.by_person
        if by_person is None:
            by_person = snapshot.n_items <= DENSE_ITEMS
        medians = None if by_person else spreads(members, snapshot, config)
        if medians is not None:
            members = {name: _quick(member) for name, member in members.items()}
        return cls(members, weights, watched_ids(snapshot), medians, searched)

    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        ids = self.item_ids
        total = np.zeros((len(states), len(ids)), np.float32)
        inductive = np.zeros_like(total)
        for name, member in self.members.items():
            known, scores = member.item_ids, member.scores(states)
            scores = scores[:, : len(known)]
            scores = standardised(scores, known, states, self._spreads.get(name))
            if known is not ids:
                place = positions(known, ids)
                scores = np.where(place >= 0, scores[:, place], 0)
            total += self.weights[name] * scores
            if isinstance(member, Inductive):
                inductive += self.weights[name] * scores
        new = np.flatnonzero(positions(self._watched_ids, ids) < 0)
        if 0 < len(new) < len(ids) and inductive.any():
            spread = _deviation(np.delete(total, new, 1))
            inductive_spread = _deviation(np.delete(inductive, new, 1))
            total[:, new] = inductive[:, new] * (spread / inductive_spread)
        return total

    @property
    def _retrieves(self) -> bool:
        """Whether members retrieve what is scored."""
        return bool(self._spreads) and len(self.item_ids) > DENSE_ITEMS

    def score_each(
        self, states: Sequence[UserHistory], item_ids: npt.ArrayLike
    ) -> FloatArray:
        if not self._retrieves:
            return super().score_each(states, item_ids)
        wanted = np.asarray(item_ids, np.int64).reshape(-1)
        new = positions(self._watched_ids, wanted) < 0
        total, inductive = self._sums(states, wanted)
        if new.any():
            total[:, new] = self._scores_of_new(states, inductive[:, new])
        total[:, positions(self.item_ids, wanted) < 0] = np.nan
        return total

    def recommend(
        self, state: UserHistory, *, k: int, exclude: npt.ArrayLike = ()
    ) -> Hits:
        if not self._retrieves:
            return super().recommend(state, k=k, exclude=exclude)
        seen = np.concatenate([state.watched.ids, np.asarray(exclude, np.int64)])
        pools = [
            member.retrieve(state, k=max(k, RETRIEVED), exclude=exclude)
            for member in self.members.values()
        ]
        pool = np.unique(np.concatenate(pools))
        pool = pool[~np.isin(pool, seen)]
        scores = self.score_each([state], pool)
        order = top_k(np.nan_to_num(scores, nan=-np.inf), k)[0]
        return Hits(pool[order], scores[0, order])

    def _sums(
        self, states: Sequence[UserHistory], item_ids: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """(len(states), len(item_ids)) weighted sums of all members' scores over their
        spreads, and of the `Inductive` members'."""
        total = np.zeros((len(states), len(item_ids)), np.float32)
        inductive = np.zeros_like(total)
        for name, member in self.members.items():
            scale = self.weights[name] / (self._spreads[name] or 1.0)
            scores = scale * np.nan_to_num(member.score_each(states, item_ids))
            total += scores
            if isinstance(member, Inductive):
                inductive += scores
        return total, inductive

    def _scores_of_new(
        self, states: Sequence[UserHistory], inductive: FloatArray
    ) -> FloatArray:
        """Scores of items without watches, scaled from the mean and deviation that the
        ``inductive`` members give items with watches to those of the total."""
        count = len(self._watched_ids)
        places = np.linspace(0, count - 1, min(REFERENCE, count)).astype(np.int64)
        total, reference = self._sums(states, self._watched_ids[places])
        if not reference.any():
            return np.broadcast_to(total.mean(1, keepdims=True), inductive.shape)
        scale = _deviation(total) / _deviation(reference)
        centred = inductive - reference.mean(1, keepdims=True)
        return np.asarray(centred * scale + total.mean(1, keepdims=True), np.float32)

    def similar(self, item_id: int, *, k: int, exclude: npt.ArrayLike = ()) -> Hits:
        return self.first.similar(item_id, k=k, exclude=exclude)

    def add_items(
        self, items: Sequence[ItemFeatures], *, time: float | None = None
    ) -> None:
        """Add new videos to the members that can embed them."""
        for member in self.members.values():
            if isinstance(member, Inductive):
                member.add_items(items, time=time)
        self.item_ids = self.first.item_ids

    def item_vectors(self, item_ids: npt.ArrayLike) -> FloatArray | None:
        return self.first.item_vectors(item_ids)

    def user_vector(self, state: UserHistory) -> FloatArray | None:
        return self.first.user_vector(state)

    def parts(self) -> Parts:
        parts = Parts.from_members(
            {name: m.parts() for name, m in self.members.items()}
        )
        document = {
            "members": list(self.members),
            "weights": self.weights,
            "spreads": self._spreads,
        }
        return Parts(
            {**parts.arrays, "watched_ids": self._watched_ids},
            {**parts.documents, "blend": document},
            parts.files,
        )

    def renewed(self, snapshot: GraphSnapshot) -> Blend:
        renewed = {name: m.renewed(snapshot) for name, m in self.members.items()}
        if self._spreads:
            renewed = {name: _quick(member) for name, member in renewed.items()}
        return Blend(renewed, self.weights, watched_ids(snapshot), self._spreads)


def load(artifact: Artifact) -> Blend:
    """Load the arrays and documents of `Blend.parts`."""
    document = artifact.document("blend")
    members = {
        name: registry.loader(name)(artifact.section(name))
        for name in document["members"]
    }
    return Blend(
        members,
        document["weights"],
        artifact.array("watched_ids"),
        document.get("spreads"),
    )


def _quick(member: Model) -> Model:
    """``member`` with an approximate index where an exact search would take longer than
    all else in a request; all members score what it finds."""
    if not isinstance(member, FactorModel) or len(member.item_ids) <= EXACT_ITEMS:
        return member
    quick = copy(member)
    quick.index = VectorIndex.build(
        member.item_ids, member.vectors, exact_limit=EXACT_ITEMS, recall_target=RECALL
    )
    return quick


def watched_ids(snapshot: GraphSnapshot) -> IntArray:
    """The sorted ids of videos with watches."""
    return snapshot.item_ids[np.unique(snapshot.positive_watches.target)]


def standardised(
    scores: FloatArray,
    item_ids: IntArray,
    states: Sequence[UserHistory],
    spread: float | None = None,
) -> FloatArray:
    """``scores`` with mean 0 and deviation 1 over the items that each person has not
    watched, or divided by ``spread``; all 0 for a person with equal scores."""
    mean, deviation = _moments(scores, item_ids, states)
    flat = deviation < 1e-6 * np.maximum(np.abs(mean), 1e-6)
    scale = np.where(flat, 1, spread or deviation)
    return np.asarray(np.where(flat, 0, (scores - mean) / scale), np.float32)


def spreads(
    members: Mapping[str, Model], snapshot: GraphSnapshot, config: Config
) -> dict[str, float]:
    """The median deviation of each member's scores, over a sample of people, of as many
    as the time suffices for."""
    random = np.random.default_rng(config.seed)
    count = min(SPREAD_PEOPLE, snapshot.n_users)
    users = random.choice(snapshot.n_users, count, replace=False)
    deviations: dict[str, list[FloatArray]] = {name: [] for name in members}
    at_once = people_at_once(snapshot.n_items)
    for start in until_spent(range(0, count, at_once)):
        states = histories(snapshot, users[start : start + at_once])
        for name, member in members.items():
            _, deviation = _moments(member.scores(states), member.item_ids, states)
            deviations[name].append(deviation)
    return {
        name: float(np.median(np.concatenate(each)))
        for name, each in deviations.items()
    }


def people_at_once(n_items: int) -> int:
    """How many people are scored together, so that their scores stay small."""
    return max(1, min(PEOPLE_AT_ONCE, SCORES_AT_ONCE // max(n_items, 1)))


def _moments(
    scores: FloatArray, item_ids: IntArray, states: Sequence[UserHistory]
) -> tuple[FloatArray, FloatArray]:
    """Mean and deviation, (people, 1), over the items not watched by each person."""
    watched = watch_matrix(item_ids, states)
    row = np.repeat(np.arange(len(states)), np.diff(watched.indptr))
    column = watched.indices
    left = scores.astype(np.float32, copy=True)
    left[row, column] = 0
    seen = np.bincount(row, minlength=len(states))
    count = np.maximum(scores.shape[1] - seen, 1)[:, None]
    mean = left.sum(1, keepdims=True) / count
    square = (left**2).sum(1, keepdims=True) / count - mean**2
    return mean, np.sqrt(np.maximum(square, 0))


def _deviation(scores: FloatArray) -> FloatArray:
    """The deviation of each row, (rows, 1); 1 if its scores are equal."""
    deviation = scores.std(1, keepdims=True)
    return np.asarray(np.where(deviation > 1e-6, deviation, 1), np.float32)
