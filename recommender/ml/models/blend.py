"""Several models as one: the weighted sum of their scores, each person's standardised.

What a model's scores mean differs from model to model, so each is centred and scaled
over the items that a person has not watched, by their own deviation or the usual one.
The weights are found on a validation part cut from what may be seen, by coordinate
ascent on the lists themselves; a model that adds nothing gets no weight and is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ml.data import splits
from recommender.ml.data.features import ItemFeatures
from recommender.ml.data.history import UserHistory, histories, watch_matrix
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray, positions
from recommender.ml.data.splits import Holdout
from recommender.ml.evaluation import metrics
from recommender.ml.models import registry
from recommender.ml.models.base import (
    NOTHING_SEARCHED,
    Inductive,
    Model,
    Parts,
    Progress,
    TooLargeError,
    no_progress,
    top_k,
)
from recommender.ml.store.artifact import Artifact
from recommender.ml.store.vector_index import Hits

STEPS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3, 1.7, 2.2, 3.0)
ROUNDS = 4
SHARPENED = {"rank": 128, "sharpening": 0.6, "degree": 0.2}
POOL = 200  # of each member's best items that the search looks at
PEOPLE_AT_ONCE = 256


@dataclass(frozen=True)
class Config:
    """``members`` by name, with ``settings`` of their own; the first finds similar
    items.

    ``weights`` are found on the ``validation`` share of the watches if they are not
    given, with up to ``people``: ``cut`` says of which watches, the newest of all
    ("time"), each person's last ("last") or a cluster of each person's ("cluster").
    ``aim`` is the metric that the search raises. Where scores are not scaled
    ``by_person``, a member says more where they lie further apart than usual, as EASE's
    do for those with much history.
    """

    members: tuple[str, ...] = ("graphsage", "gf_cf", "als", "popularity")
    settings: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: {"gf_cf": SHARPENED}
    )
    weights: Mapping[str, float] | None = None
    cut: str = "time"
    aim: str = "ndcg@20"
    by_person: bool = True
    validation: float = 0.1
    people: int = 2000
    seed: int = 0


class Blend(Model):
    """``members`` with their weights, by name, the leading one first.

    Of a video that nobody has watched only `Inductive` members can tell anything. The
    others abstain there, and what those say is stretched to the spread of the whole.
    ``watched_ids`` are the sorted ids of the videos that somebody has watched.
    ``spreads`` are the members' usual deviations, where scores are scaled by those.
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
        self.lead = next(iter(self.members.values()))
        self.item_ids = self.lead.item_ids
        self.reasons = self.lead.reasons
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
        """Of ``members`` fitted to ``snapshot``."""
        usual = None if config.by_person else spreads(members, snapshot, config)
        return cls(members, weights, watched_ids(snapshot), usual, searched)

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

    def similar(self, item_id: int, *, k: int, exclude: npt.ArrayLike = ()) -> Hits:
        return self.lead.similar(item_id, k=k, exclude=exclude)

    def add_items(
        self, items: Sequence[ItemFeatures], *, time: float | None = None
    ) -> None:
        """Make new videos findable as far as the members can place them."""
        for member in self.members.values():
            if isinstance(member, Inductive):
                member.add_items(items, time=time)
        self.item_ids = self.lead.item_ids

    def item_vectors(self, item_ids: npt.ArrayLike) -> FloatArray | None:
        return self.lead.item_vectors(item_ids)

    def user_vector(self, state: UserHistory) -> FloatArray | None:
        return self.lead.user_vector(state)

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
        return Blend(renewed, self.weights, watched_ids(snapshot), self._spreads)


def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> Blend:
    """Find the weights on a part, then fit the members worth one on everything.

    Raises `ValueError` when the snapshot has too few watches.
    """
    weights, settings = config.weights, config.settings
    if weights is None:
        weights, settings = find_weights(snapshot, config, progress)
    chosen = {
        name: registry.fit(name, snapshot, settings.get(name), progress)
        for name in config.members
        if weights.get(name, 0) > 0
    }
    searched = {"weights": weights, "settings": settings}
    return Blend.from_members(chosen, weights, snapshot, config, searched)


def find_weights(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> tuple[dict[str, float], dict[str, Mapping[str, Any]]]:
    """Weights of the members, and their settings with what they searched for, from
    members fitted on all but a part of ``snapshot``; one that refuses so much data is
    left out."""
    part, settings = _part(snapshot, config), config.settings
    fitted = {}
    for name in config.members:
        with suppress(TooLargeError):
            fitted[name] = registry.fit(
                name, part.history, settings.get(name), progress
            )
    found: dict[str, Mapping[str, Any]] = {
        name: {**settings.get(name, {}), **model.searched}
        for name, model in fitted.items()
    }
    return search(fitted, part, config), found


def load(artifact: Artifact) -> Blend:
    """The model as `Blend.parts` stored it."""
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


def watched_ids(snapshot: GraphSnapshot) -> IntArray:
    """The sorted ids of the videos that somebody has watched."""
    return snapshot.item_ids[np.unique(snapshot.positive_watches.target)]


def standardised(
    scores: FloatArray,
    item_ids: IntArray,
    states: Sequence[UserHistory],
    spread: float | None = None,
) -> FloatArray:
    """``scores`` with mean 0 over what each person has not watched, and deviation 1
    there, or divided by ``spread``; 0 throughout where all scores are equal."""
    mean, deviation = _moments(scores, item_ids, states)
    flat = deviation < 1e-6 * np.maximum(np.abs(mean), 1e-6)
    scale = np.where(flat, 1, spread or deviation)
    return np.asarray(np.where(flat, 0, (scores - mean) / scale), np.float32)


def spreads(
    members: Mapping[str, Model], snapshot: GraphSnapshot, config: Config
) -> dict[str, float]:
    """The median deviation of each member's scores, over some people."""
    random = np.random.default_rng(config.seed)
    count = min(config.people, snapshot.n_users)
    users = np.sort(random.choice(snapshot.n_users, count, replace=False))
    found: dict[str, list[FloatArray]] = {name: [] for name in members}
    for start in range(0, count, PEOPLE_AT_ONCE):
        states = histories(snapshot, users[start : start + PEOPLE_AT_ONCE])
        for name, member in members.items():
            _, deviation = _moments(member.scores(states), member.item_ids, states)
            found[name].append(deviation)
    return {name: float(np.median(np.concatenate(found[name]))) for name in found}


def _moments(
    scores: FloatArray, item_ids: IntArray, states: Sequence[UserHistory]
) -> tuple[FloatArray, FloatArray]:
    """Mean and deviation, (people, 1), over what each person has not watched."""
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
    """(rows, 1), 1 where all scores of a row are equal."""
    deviation = scores.std(1, keepdims=True)
    return np.asarray(np.where(deviation > 1e-6, deviation, 1), np.float32)


def search(
    fitted: Mapping[str, Model], part: Holdout, config: Config
) -> dict[str, float]:
    """Weights of the greatest ``aim`` on ``part``: from the best single model on, one
    weight after the other, until a round gains nothing."""
    names = list(fitted)
    scores, targets, relevant = _pooled(fitted, part, config)
    metric, _, cutoff = config.aim.partition("@")

    def value(weights: npt.NDArray[np.float64]) -> float:
        total = np.einsum("mpc,m->pc", scores, weights.astype(np.float32))
        top = top_k(total, int(cutoff))
        hits = np.take_along_axis(targets, top, 1)
        return float(getattr(metrics, metric)(hits, relevant).mean())

    single = np.eye(len(names))
    best = max(single, key=value)
    best_value = value(best)
    for _ in range(ROUNDS):
        before = best_value
        for place in range(len(names)):
            for step in STEPS:
                tried = best.copy()
                tried[place] = step
                if tried.any() and (found := value(tried)) > best_value + 1e-6:
                    best, best_value = tried, found
        if best_value == before:
            break
    return dict(zip(names, best.round(4).tolist(), strict=True))


def _pooled(
    fitted: Mapping[str, Model], part: Holdout, config: Config
) -> tuple[FloatArray, npt.NDArray[np.bool_], IntArray]:
    """Scores (members, people, pool), which of the pool are targets, and how many each
    person has: the pool is what any member would put among its first."""
    usual = {} if config.by_person else spreads(fitted, part.history, config)
    random = np.random.default_rng(config.seed)
    count = min(config.people, len(part.users))
    rows = np.sort(random.choice(len(part.users), count, replace=False))
    width = min(POOL, part.history.n_items) * len(fitted)
    scores = np.full((len(fitted), count, width), -1e6, np.float32)
    targets = np.zeros((count, width), bool)
    for start in range(0, count, PEOPLE_AT_ONCE):
        block = rows[start : start + PEOPLE_AT_ONCE]
        states = histories(part.history, part.users[block])
        every = []
        for name, model in fitted.items():
            scored, ids = model.scores(states), model.item_ids
            z = standardised(scored, ids, states, usual.get(name))
            for place, state in enumerate(states):
                seen = positions(model.item_ids, state.watched.ids)
                z[place, seen[seen >= 0]] = -1e6
            every.append(z)
        tops = np.concatenate([top_k(z, POOL) for z in every], axis=1)
        for place, row in enumerate(block):
            pool = np.unique(tops[place])
            here = start + place
            targets[here, : len(pool)] = np.isin(pool, part.targets(row))
            for member, z in enumerate(every):
                scores[member, here, : len(pool)] = z[place, pool]
    return scores, targets, np.diff(part.indptr)[rows]


def _part(snapshot: GraphSnapshot, config: Config) -> Holdout:
    part = splits.validation_part(
        snapshot, config.validation, cut=config.cut, seed=config.seed
    )
    if part is None:
        _ = snapshot.training_watches  # raises where there are none
        raise ValueError("the watches have too few distinct times to find weights by")
    return part
