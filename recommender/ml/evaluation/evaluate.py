"""Evaluation of models on one holdout.

Full ranking: all items of the snapshot are ranked, without the seen ones.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recommender.ml.data.history import histories
from recommender.ml.data.snapshot import IntArray, positions
from recommender.ml.data.splits import Holdout, Split
from recommender.ml.evaluation import breakdowns, metrics
from recommender.ml.evaluation.interval import (
    Interval,
    bootstrap,
    jackknife_lists,
    paired_difference,
)
from recommender.ml.evaluation.metrics import Values
from recommender.ml.models import registry
from recommender.ml.models.base import Model, Progress, no_progress, top_k
from recommender.ml.train.budget import current, within

CUTOFFS = (10, 20)
GATE = "recall@20"
USERS_AT_ONCE = 512
GATE_CUTOFF = 20
TIMED, PILOT, FEWEST, MOST = 32, 500, 2000, 10_000  # people
RETRIEVED_FROM = 20_000  # items; above, lists are those that a person would get
VISIBLE = 0.05  # of a baseline's value: the difference that has to be seen
JUDGING = 0.15  # of limited time

Report = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """``report`` is ready for JSON; ``fitted`` holds the models trained for the test;
    ``values`` their metrics of each person, (users,)."""

    report: Report
    fitted: Mapping[str, Model]
    values: Mapping[str, Mapping[str, Values]]


def evaluate(
    names: Sequence[str],
    split: Split,
    *,
    seed: int = 0,
    configs: Mapping[str, Mapping[str, Any]] | None = None,
    baselines: Sequence[str] = (),
    share: float = 1.0,
    progress: Progress = no_progress,
) -> Evaluation:
    """Fit each model on the history of the test part and evaluate it, the members of
    combined models, and ``baselines`` that are not among those.

    Where time is limited, a ``share`` of it is for fitting ``names``. People are as
    many as `enough_people` says.

    The report: ``models`` (name -> metric -> value, low, high; metrics such as
    "recall@20"), ``differences`` (name -> other name -> metric -> paired difference),
    ``curves`` (see `breakdowns.sections`), ``found`` (name -> settings found by search,
    to fit it again without the search), ``users`` and ``targets`` (counts),
    ``holdout`` (see `fingerprint`), ``seed``.
    """
    known, settings = split.test.history, configs or {}
    with within(current().share(share)):
        fitted = {
            name: registry.fit(name, known, settings.get(name), progress)
            for name in names
        }
    return compare(
        fitted,
        split.test,
        names[0],
        baselines=baselines,
        configs=settings,
        seed=seed,
    )


def compare(
    fitted: Mapping[str, Model],
    holdout: Holdout,
    name: str,
    *,
    baselines: Sequence[str],
    configs: Mapping[str, Mapping[str, Any]],
    seed: int = 0,
) -> Evaluation:
    """Evaluate fitted models, their members, and ``baselines`` that are not among
    those, by as many people as show differences of ``name`` from the baselines."""
    judged = dict(fitted)
    for model in fitted.values():
        for part, member in model.members.items():
            judged.setdefault(part, member)
    for baseline in baselines:
        if baseline not in judged:
            judged[baseline] = registry.fit(
                baseline, holdout.history, configs.get(baseline)
            )
    people = enough_people(judged, holdout, name, baselines)
    return evaluate_fitted(judged, holdout.sample(people), seed=seed)


def enough_people(
    fitted: Mapping[str, Model],
    holdout: Holdout,
    name: str,
    baselines: Sequence[str],
) -> int:
    """How many people show a difference of `VISIBLE` between ``name`` and each of the
    ``baselines``: its 95 % interval is as wide as the difference.

    The spread is that of `PILOT` people. Of the time that is left at most `JUDGING` is
    used. All people, if they are few.
    """
    everyone = len(holdout.users)
    if everyone <= FEWEST:
        return everyone
    began = time.perf_counter()
    for model in fitted.values():
        rank_items(model, holdout.sample(TIMED), GATE_CUTOFF)
    seconds = (time.perf_counter() - began) / TIMED
    affordable = int(min(MOST, JUDGING * current().seconds / seconds))
    if affordable < 2 * PILOT:
        return max(TIMED, affordable)
    pilot = holdout.sample(PILOT)
    values = {
        each: metrics.recall(
            metrics.hits(
                rank_items(model, pilot, GATE_CUTOFF), pilot.indptr, pilot.items
            ),
            np.diff(pilot.indptr),
        )
        for each, model in fitted.items()
    }
    needed = float(FEWEST)
    for baseline in baselines:
        theirs = values[baseline]
        error = 1.96 * float((values[name] - theirs).std())
        needed = max(needed, (error / max(VISIBLE * theirs.mean(), 1e-4)) ** 2)
    return int(min(everyone, needed, affordable))


def evaluate_fitted(
    fitted: Mapping[str, Model], holdout: Holdout, *, seed: int = 0
) -> Evaluation:
    """Evaluate models that are fitted already."""
    lists = {name: rank_items(m, holdout, max(CUTOFFS)) for name, m in fitted.items()}
    values = {name: user_metrics(each, holdout) for name, each in lists.items()}
    report: Report = {
        "models": {
            name: _intervals(lists[name], values[name], holdout, seed)
            | _plain(model.measures(holdout, seed=seed))
            for name, model in fitted.items()
        },
        "differences": {
            ours: {
                theirs: {
                    metric: asdict(
                        paired_difference(
                            values[ours][metric], values[theirs][metric], seed=seed
                        )
                    )
                    for metric in values[ours]
                }
                for theirs in fitted
                if theirs != ours
            }
            for ours in fitted
        },
        "curves": breakdowns.sections(fitted, lists, values, holdout, seed=seed),
        "found": {name: dict(model.searched) for name, model in fitted.items()},
        "users": len(holdout.users),
        "targets": len(holdout.items),
        "holdout": fingerprint(holdout),
        "seed": seed,
    }
    return Evaluation(report, fitted, values)


def fingerprint(holdout: Holdout) -> str:
    """SHA-256 of users and targets: reports with the same one are comparable person by
    person."""
    digest = hashlib.sha256()
    history = holdout.history
    for array in (
        history.user_ids[holdout.users],
        holdout.indptr,
        history.item_ids[holdout.items],
    ):
        digest.update(np.ascontiguousarray(array, "<i8").tobytes())
    return digest.hexdigest()


def beats_popularity(
    report: Mapping[str, Any], name: str, *, metric: str = GATE
) -> bool:
    """The gate of activation: whether ``name`` scores above popularity on ``metric``.

    False if either was not measured.
    """
    measured = report.get("models", {})
    try:
        ours = measured[name][metric]["value"]
        theirs = measured["popularity"][metric]["value"]
    except KeyError:
        return False
    return bool(ours > theirs)


def worse_than(report: Mapping[str, Any], name: str, baseline: str) -> bool:
    """Whether the people show that ``name`` is worse than ``baseline``: the interval of
    the difference is below 0. False if either was not measured."""
    try:
        difference = report["differences"][name][baseline][GATE]
    except KeyError:
        return False
    return bool(difference["high"] < 0)


def rank_items(model: Model, holdout: Holdout, k: int) -> IntArray:
    """(users, k) unseen dense items by descending score; -1 where a list ends early."""
    history = holdout.history
    if not np.array_equal(model.item_ids, history.item_ids):
        raise ValueError(f"{model.name} was fitted on other items than the holdout's")
    if history.n_items > RETRIEVED_FROM:
        return _retrieved(model, holdout, k)
    rows = []
    at_once = users_at_once(history.n_items)
    first, last = (
        np.searchsorted(history.watched.source, holdout.users, side)
        for side in ("left", "right")
    )
    for start in range(0, len(holdout.users), at_once):
        users = holdout.users[start : start + at_once]
        scores = model.scores(histories(history, users)).copy()
        for row in range(len(users)):
            seen = slice(first[start + row], last[start + row])
            scores[row, history.watched.target[seen]] = -np.inf
        top = top_k(scores, k)
        top[~np.isfinite(np.take_along_axis(scores, top, 1))] = -1
        rows.append(top)
    return np.concatenate([*rows, np.empty((0, min(k, history.n_items)), np.int64)])


def _retrieved(model: Model, holdout: Holdout, k: int) -> IntArray:
    """As `rank_items`, by `Model.recommend`."""
    history = holdout.history
    ranked = np.full((len(holdout.users), k), -1, np.int64)
    for start in range(0, len(holdout.users), USERS_AT_ONCE):
        users = holdout.users[start : start + USERS_AT_ONCE]
        for row, state in enumerate(histories(history, users), start):
            ids = model.recommend(state, k=k).ids
            ranked[row, : len(ids)] = positions(history.item_ids, ids)
    return ranked


def users_at_once(n_items: int) -> int:
    """How many users are ranked together, so that their scores stay small."""
    return max(1, min(USERS_AT_ONCE, breakdowns.SCORES_AT_ONCE // max(n_items, 1)))


def user_metrics(ranked: IntArray, holdout: Holdout) -> dict[str, Values]:
    """Each per-user metric at each cutoff, (users,)."""
    hits = metrics.hits(ranked, holdout.indptr, holdout.items)
    relevant = np.diff(holdout.indptr)
    popularity = np.bincount(
        holdout.history.watched.target, minlength=holdout.history.n_items
    )
    values: dict[str, Values] = {}
    for k in CUTOFFS:
        values[f"recall@{k}"] = metrics.recall(hits[:, :k], relevant)
        values[f"ndcg@{k}"] = metrics.ndcg(hits[:, :k], relevant)
        values[f"hr@{k}"] = metrics.hit_rate(hits[:, :k], relevant)
        values[f"map@{k}"] = metrics.average_precision(hits[:, :k], relevant)
        values[f"novelty@{k}"] = metrics.novelty(
            ranked[:, :k], popularity, holdout.history.n_users
        )
    return values | _by_category(ranked, holdout)


def _by_category(ranked: IntArray, holdout: Holdout) -> dict[str, Values]:
    """The metrics that need categories; none if the snapshot has no categories."""
    labels = breakdowns.category_shares(holdout.history)
    if labels is None:
        return {}
    profiles = breakdowns.category_profiles(holdout, labels)
    values: dict[str, Values] = {}
    for k in CUTOFFS:
        values[f"diversity@{k}"] = metrics.diversity(ranked[:, :k], labels)
        values[f"miscalibration@{k}"] = metrics.miscalibration(
            ranked[:, :k], labels, profiles
        )
    return values


def _intervals(
    lists: IntArray, values: Mapping[str, Values], holdout: Holdout, seed: int
) -> dict[str, dict[str, float]]:
    intervals: dict[str, Interval] = {
        metric: bootstrap(each, seed=seed) for metric, each in values.items()
    }
    n_items = holdout.history.n_items
    for k in CUTOFFS:
        for name, metric in (("coverage", metrics.coverage), ("gini", metrics.gini)):
            intervals[f"{name}@{k}"] = jackknife_lists(
                lists[:, :k], n_items, metric, seed=seed
            )
    return _plain(intervals)


def _plain(intervals: Mapping[str, Interval]) -> dict[str, dict[str, float]]:
    return {name: asdict(interval) for name, interval in intervals.items()}
