"""Several models as one: the weighted sum of their standardised scores.

The scales of models differ, so scores are centred and scaled over the items that a
person has not watched, by the person's deviation or the median one. The weights are
found on a validation part, by coordinate ascent on a metric of the lists. A model that
adds nothing gets weight 0 and is dropped.
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
CANDIDATES = 200  # of each member, in the search for weights
PEOPLE_AT_ONCE = 256


@dataclass(frozen=True)
class Config:
    """``members`` by name, with their ``settings``; the first finds similar items.

    Without ``weights``, a search maximises the metric ``aim`` on the ``validation``
    share of the watches of up to ``people``. ``cut`` (see `splits.Cut`) chooses the
    watches: the newest of all ("time"), each person's last ("last") or a cluster of
    each person's ("cluster"). If scores are not scaled ``by_person``, a member counts
    more for people whose scores vary more, as EASE's do with the length of the history.
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
    """``members`` and their weights by name; the first one finds similar items.

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
        self.first = next(iter(self.members.values()))
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
        medians = None if config.by_person else spreads(members, snapshot, config)
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
        return Blend(renewed, self.weights, watched_ids(snapshot), self._spreads)


def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> Blend:
    """Find the weights on a part, then fit the members with a weight on everything.

    Raises `ValueError` if the snapshot has too few watches.
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
    """Weights of the members, and their settings including the searched ones, from
    members fitted without the validation part of ``snapshot``. Members that raise
    `TooLargeError` are left out."""
    part, settings = _part(snapshot, config), config.settings
    fitted = {}
    for name in config.members:
        with suppress(TooLargeError):
            fitted[name] = registry.fit(
                name, part.history, settings.get(name), progress
            )
    all_settings: dict[str, Mapping[str, Any]] = {
        name: {**settings.get(name, {}), **model.searched}
        for name, model in fitted.items()
    }
    return search(fitted, part, config), all_settings


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
    """The median deviation of each member's scores, over a sample of people."""
    random = np.random.default_rng(config.seed)
    count = min(config.people, snapshot.n_users)
    users = np.sort(random.choice(snapshot.n_users, count, replace=False))
    deviations: dict[str, list[FloatArray]] = {name: [] for name in members}
    for start in range(0, count, PEOPLE_AT_ONCE):
        states = histories(snapshot, users[start : start + PEOPLE_AT_ONCE])
        for name, member in members.items():
            _, deviation = _moments(member.scores(states), member.item_ids, states)
            deviations[name].append(deviation)
    return {
        name: float(np.median(np.concatenate(each)))
        for name, each in deviations.items()
    }


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


def search(
    fitted: Mapping[str, Model], part: Holdout, config: Config
) -> dict[str, float]:
    """Weights that maximise ``aim`` on ``part``: coordinate ascent from the best single
    model, until a round gains nothing."""
    names = list(fitted)
    scores, targets, relevant = _candidate_scores(fitted, part, config)
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
                if tried.any() and (gained := value(tried)) > best_value + 1e-6:
                    best, best_value = tried, gained
        if best_value == before:
            break
    return dict(zip(names, best.round(4).tolist(), strict=True))


def _candidate_scores(
    fitted: Mapping[str, Model], part: Holdout, config: Config
) -> tuple[FloatArray, npt.NDArray[np.bool_], IntArray]:
    """Scores (members, people, candidates), which candidates are targets, and the
    number of targets of each person. Candidates are the best items of all members."""
    medians = {} if config.by_person else spreads(fitted, part.history, config)
    random = np.random.default_rng(config.seed)
    count = min(config.people, len(part.users))
    rows = np.sort(random.choice(len(part.users), count, replace=False))
    width = min(CANDIDATES, part.history.n_items) * len(fitted)
    scores = np.full((len(fitted), count, width), -1e6, np.float32)
    targets = np.zeros((count, width), bool)
    for start in range(0, count, PEOPLE_AT_ONCE):
        block = rows[start : start + PEOPLE_AT_ONCE]
        states = histories(part.history, part.users[block])
        per_member = []
        for name, model in fitted.items():
            scored, ids = model.scores(states), model.item_ids
            z = standardised(scored, ids, states, medians.get(name))
            for place, state in enumerate(states):
                seen = positions(model.item_ids, state.watched.ids)
                z[place, seen[seen >= 0]] = -1e6
            per_member.append(z)
        tops = np.concatenate([top_k(z, CANDIDATES) for z in per_member], axis=1)
        for place, row in enumerate(block):
            candidates = np.unique(tops[place])
            here = start + place
            targets[here, : len(candidates)] = np.isin(candidates, part.targets(row))
            for member, z in enumerate(per_member):
                scores[member, here, : len(candidates)] = z[place, candidates]
    return scores, targets, np.diff(part.indptr)[rows]


def _part(snapshot: GraphSnapshot, config: Config) -> Holdout:
    part = splits.validation_part(
        snapshot, config.validation, cut=config.cut, seed=config.seed
    )
    if part is None:
        _ = snapshot.training_watches  # raises where there are none
        raise ValueError("the watches have too few distinct times to find weights by")
    return part
