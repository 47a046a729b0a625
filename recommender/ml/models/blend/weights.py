"""The weights of the members, found on a validation part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.ml.data.history import UserHistory, histories
from recommender.ml.data.snapshot import FloatArray, IntArray, positions
from recommender.ml.data.splits import Holdout
from recommender.ml.evaluation import metrics
from recommender.ml.models.base import Model, top_k
from recommender.ml.models.blend.config import Config
from recommender.ml.models.blend.serve import people_at_once, spreads, standardised
from recommender.ml.train.budget import is_spent, until_spent

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

    @classmethod
    def joined(cls, blocks: Sequence[Candidates]) -> Candidates:
        """Those of several blocks of people."""
        return cls(
            np.concatenate([each.scores for each in blocks], axis=1),
            np.concatenate([each.targets for each in blocks]),
            np.concatenate([each.relevant for each in blocks]),
        )

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


def search(fitted: Mapping[str, Model], part: Holdout, config: Config) -> Found:
    """Weights that maximise ``aim`` on ``part``: coordinate ascent from the best single
    model, until a round gains nothing, or the budget is spent. Members that are not
    `WORTH` it get 0. A single model needs no search."""
    ways = (True, False) if config.by_person is None else (config.by_person,)
    if len(fitted) == 1:
        return Found(dict.fromkeys(fitted, 1.0), 0.0, ways[0])
    found = []
    for way, candidates in _candidates(fitted, part, config, ways).items():
        highest = _ascend(candidates, config.aim)
        best, value = _without_idle(*highest, candidates, config)
        weights = dict(zip(fitted, best.astype(float).round(4).tolist(), strict=True))
        found.append(Found(weights, value, way))
    return max(found, key=lambda each: each.value)


def _ascend(candidates: Candidates, aim: str) -> tuple[FloatArray, float]:
    scores = candidates.scores
    single = [candidates.value(each, aim) for each in scores]
    best = np.eye(len(scores), dtype=np.float32)[int(np.argmax(single))]
    best_value = max(single)
    for _ in range(ROUNDS):
        before = best_value
        for place in range(len(scores)):
            if is_spent():
                return best, best_value
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
    fitted: Mapping[str, Model], part: Holdout, config: Config, ways: Sequence[bool]
) -> Mapping[bool, Candidates]:
    """The candidates with scores scaled by person or not, for each of these ``ways``.

    Each model scores each person once; of as many people as the time suffices for.
    """
    medians = {} if all(ways) else spreads(fitted, part.history, config)
    random = np.random.default_rng(config.seed)
    count = min(config.people, len(part.users))
    rows = random.choice(len(part.users), count, replace=False)
    at_once = people_at_once(part.history.n_items)
    blocks: dict[bool, list[Candidates]] = {way: [] for way in ways}
    for start in until_spent(range(0, count, at_once)):
        block = rows[start : start + at_once]
        states = histories(part.history, part.users[block])
        scores = {name: model.scores(states) for name, model in fitted.items()}
        for way in ways:
            scaled = [
                _unseen(each, fitted[name], states, None if way else medians[name])
                for name, each in scores.items()
            ]
            blocks[way].append(_best(scaled, part, block))
    return {way: Candidates.joined(each) for way, each in blocks.items()}


def _unseen(
    scores: FloatArray,
    model: Model,
    states: Sequence[UserHistory],
    spread: float | None,
) -> FloatArray:
    """Standardised ``scores``, with `UNSEEN` for what each person has watched."""
    z = standardised(scores, model.item_ids, states, spread)
    for place, state in enumerate(states):
        seen = positions(model.item_ids, state.watched.ids)
        z[place, seen[seen >= 0]] = UNSEEN
    return z


def _best(scaled: Sequence[FloatArray], part: Holdout, rows: IntArray) -> Candidates:
    """The candidates of the people in ``rows`` from all members' scores."""
    tops = np.concatenate([top_k(z, CANDIDATES) for z in scaled], axis=1)
    width = min(CANDIDATES, part.history.n_items) * len(scaled)
    scores = np.full((len(scaled), len(rows), width), UNSEEN, np.float32)
    targets = np.zeros((len(rows), width), bool)
    for place, row in enumerate(rows):
        candidates = np.unique(tops[place])
        targets[place, : len(candidates)] = np.isin(candidates, part.targets(row))
        for member, z in enumerate(scaled):
            scores[member, place, : len(candidates)] = z[place, candidates]
    return Candidates(scores, targets, np.diff(part.indptr)[rows])
