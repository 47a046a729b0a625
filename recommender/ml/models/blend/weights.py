"""The weights of the members, found on a validation part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.ml.data.history import histories
from recommender.ml.data.snapshot import FloatArray, IntArray, positions
from recommender.ml.data.splits import Holdout
from recommender.ml.evaluation import metrics
from recommender.ml.models.base import Model, top_k
from recommender.ml.models.blend.config import Config
from recommender.ml.models.blend.serve import PEOPLE_AT_ONCE, spreads, standardised

STEPS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3, 1.7, 2.2, 3.0)
ROUNDS = 4
WORTH = 0.001  # relative gain of the metric for which a member is served
CANDIDATES = 200  # of each member
UNSEEN = -1e6


@dataclass(frozen=True, eq=False)
class Candidates:
    """Scores (members, people, candidates) of the best items of all members, which of
    them are targets, and the number of targets of each person."""

    scores: FloatArray
    targets: npt.NDArray[np.bool_]
    relevant: IntArray

    def value(self, total: FloatArray, aim: str) -> float:
        """The metric ``aim`` of lists by ``total`` (people, candidates)."""
        metric, _, cutoff = aim.partition("@")
        top = top_k(total, int(cutoff))
        hits = np.take_along_axis(self.targets, top, 1)
        return float(getattr(metrics, metric)(hits, self.relevant).mean())


@dataclass(frozen=True)
class Found:
    """``weights`` by member, the ``value`` of the metric with them, and whether scores
    are scaled ``by_person``."""

    weights: Mapping[str, float]
    value: float
    by_person: bool


def search(
    fitted: Mapping[str, Model],
    part: Holdout,
    config: Config,
    *,
    by_person: bool | None = None,
) -> Found:
    """Weights that maximise ``aim`` on ``part``: coordinate ascent from the best single
    model, until a round gains nothing. Members that are not `WORTH` it get 0."""
    by_person = config.by_person if by_person is None else by_person
    if by_person is None:
        ways = [search(fitted, part, config, by_person=way) for way in (True, False)]
        return max(ways, key=lambda found: found.value)
    candidates = _candidates(fitted, part, config, by_person=by_person)
    best, value = _without_idle(*_ascend(candidates, config.aim), candidates, config)
    weights = dict(zip(fitted, best.astype(float).round(4).tolist(), strict=True))
    return Found(weights, value, by_person)


def _ascend(candidates: Candidates, aim: str) -> tuple[FloatArray, float]:
    scores = candidates.scores
    single = [candidates.value(each, aim) for each in scores]
    best = np.eye(len(scores), dtype=np.float32)[int(np.argmax(single))]
    best_value = max(single)
    for _ in range(ROUNDS):
        before = best_value
        for place in range(len(scores)):
            others = best.copy()
            others[place] = 0
            rest = _total(scores, others)
            for step in STEPS:
                if not step and not others.any():
                    continue
                value = candidates.value(rest + np.float32(step) * scores[place], aim)
                if value > best_value + 1e-6:
                    best, best_value = others.copy(), value
                    best[place] = step
        if best_value == before:
            break
    return best, best_value


def _without_idle(
    weights: FloatArray, value: float, candidates: Candidates, config: Config
) -> tuple[FloatArray, float]:
    """The weights without members whose loss costs next to nothing."""
    least = value * (1 - WORTH)
    for place in np.argsort(weights, kind="stable"):
        tried = weights.copy()
        tried[place] = 0
        if not weights[place] or not tried.any():
            continue
        without = candidates.value(_total(candidates.scores, tried), config.aim)
        if without >= least:
            weights, value = tried, without
    return weights, value


def _total(scores: FloatArray, weights: FloatArray) -> FloatArray:
    total = np.zeros(scores.shape[1:], np.float32)
    for weight, each in zip(weights, scores, strict=True):
        if weight:
            total += weight * each
    return total


def _candidates(
    fitted: Mapping[str, Model], part: Holdout, config: Config, *, by_person: bool
) -> Candidates:
    medians = {} if by_person else spreads(fitted, part.history, config)
    random = np.random.default_rng(config.seed)
    count = min(config.people, len(part.users))
    rows = np.sort(random.choice(len(part.users), count, replace=False))
    width = min(CANDIDATES, part.history.n_items) * len(fitted)
    scores = np.full((len(fitted), count, width), UNSEEN, np.float32)
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
                z[place, seen[seen >= 0]] = UNSEEN
            per_member.append(z)
        tops = np.concatenate([top_k(z, CANDIDATES) for z in per_member], axis=1)
        for place, row in enumerate(block):
            candidates = np.unique(tops[place])
            here = start + place
            targets[here, : len(candidates)] = np.isin(candidates, part.targets(row))
            for member, z in enumerate(per_member):
                scores[member, here, : len(candidates)] = z[place, candidates]
    return Candidates(scores, targets, np.diff(part.indptr)[rows])
