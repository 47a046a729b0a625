"""Evaluation of models on one holdout.

Full ranking: all items of the snapshot are ranked, without the seen ones.
"""

from __future__ import annotations

import hashlib
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
from recommender.ml.train.budget import current, until_spent, within

CUTOFFS = (10, 20)
GATE = "recall@20"
USERS_AT_ONCE = 512
GATE_CUTOFF = 20
AT_ONCE, PILOT, FEWEST, MOST = 128, 500, 2000, 10_000  # people
RETRIEVED_FROM = 20_000  # items; above, lists are those that a person would get
VISIBLE = 0.05  # of a baseline's value: the difference that has to be seen
BASELINES, RANKING = 0.4, 0.8  # of limited time, each of what is left

Report = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """``report`` is ready for JSON; ``fitted`` holds the models trained for the test;
    ``values`` their metrics of each person, (users,)."""

    report: Report
    fitted: Mapping[str, Model]
    values: Mapping[str, Mapping[str, Values]]


@dataclass(frozen=True)
class Shares:
    """Of limited time: ``fit`` for the models to evaluate, and of what is left then
    ``judge`` for all else."""

    fit: float = 1.0
    judge: float = 1.0


ALL = Shares()


def evaluate(
    names: Sequence[str],
    split: Split,
    *,
    seed: int = 0,
    configs: Mapping[str, Mapping[str, Any]] | None = None,
    baselines: Sequence[str] = (),
    shares: Shares = ALL,
    progress: Progress = no_progress,
) -> Evaluation:
    """Fit each model on the history of the test part and evaluate it, the members of
    combined models, and ``baselines`` that are not among those.

    Where time is limited, ``shares`` divides it. People are as many as `people_needed`
    says, or as the time suffices for.

    The report: ``models`` (name -> metric -> value, low, high; metrics such as
    "recall@20"), ``differences`` (name -> other name -> metric -> paired difference),
    ``curves`` (see `breakdowns.sections`), ``found`` (name -> settings found by search,
    to fit it again without the search), ``users`` and ``targets`` (counts),
    ``holdout`` (see `fingerprint`), ``seed``.
    """
    known, settings = split.test.history, configs or {}
    with within(current().share(shares.fit)):
        fitted = {
            name: registry.fit(name, known, settings.get(name), progress)
            for name in names
        }
    with within(current().share(shares.judge)):
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
            # A baseline that learned from a part of the history would be too weak.
            if part not in baselines or member.was_fitted_to(holdout.history):
                judged.setdefault(part, member)
    for baseline in baselines:
        if baseline not in judged:
            with within(current().share(BASELINES)):
                judged[baseline] = registry.fit(
                    baseline, holdout.history, configs.get(baseline)
                )
    with within(current().share(RANKING)):
        lists, people = _ranked(judged, holdout, name, baselines, seed)
    return _reported(judged, lists, people, seed)


def _ranked(
    fitted: Mapping[str, Model],
    holdout: Holdout,
    name: str,
    baselines: Sequence[str],
    seed: int,
) -> tuple[dict[str, IntArray], Holdout]:
    """The lists of all models for random people, as many as `people_needed` says or the
    time suffices for; and the holdout of these."""
    sample = holdout.sample(MOST) if len(holdout.users) > FEWEST else holdout
    order = np.random.default_rng(seed).permutation(len(sample.users))
    needed = len(order)
    blocks: dict[str, list[IntArray]] = {each: [] for each in fitted}
    at_once = AT_ONCE if current().has_limit or needed > FEWEST else max(needed, 1)
    done = 0
    for start in until_spent(range(0, len(order), at_once)):
        if done >= needed:
            break
        part = sample.of_rows(order[start : start + at_once])
        for each, model in fitted.items():
            blocks[each].append(rank_items(model, part, max(CUTOFFS)))
        before, done = done, start + len(part.users)
        if before < PILOT <= done and len(order) > FEWEST:
            pilot = sample.of_rows(order[:done])
            lists = {each: np.concatenate(rows) for each, rows in blocks.items()}
            needed = people_needed(lists, pilot, name, baselines)
    rows = np.argsort(order[:done])
    lists = {each: np.concatenate(own)[rows] for each, own in blocks.items()}
    return lists, sample.of_rows(order[:done][rows])


def people_needed(
    lists: Mapping[str, IntArray],
    pilot: Holdout,
    name: str,
    baselines: Sequence[str],
) -> int:
    """How many people show a difference of `VISIBLE` between ``name`` and each of the
    ``baselines``: its 95 % interval is as wide as the difference. At least `FEWEST`.

    The spread is that of the ``pilot``'s ``lists``.
    """

    def recalls(model: str) -> Values:
        ranked = lists[model][:, :GATE_CUTOFF]
        hits = metrics.hits(ranked, pilot.indptr, pilot.items)
        return metrics.recall(hits, np.diff(pilot.indptr))

    ours, needed = recalls(name), float(FEWEST)
    for baseline in baselines:
        theirs = recalls(baseline)
        error = 1.96 * float((ours - theirs).std())
        needed = max(needed, (error / max(VISIBLE * theirs.mean(), 1e-4)) ** 2)
    return int(needed)


def evaluate_fitted(
    fitted: Mapping[str, Model], holdout: Holdout, *, seed: int = 0
) -> Evaluation:
    """Evaluate models that are fitted already, for all people of ``holdout``."""
    lists = {name: rank_items(m, holdout, max(CUTOFFS)) for name, m in fitted.items()}
    return _reported(fitted, lists, holdout, seed)


def _reported(
    fitted: Mapping[str, Model],
    lists: Mapping[str, IntArray],
    holdout: Holdout,
    seed: int,
) -> Evaluation:
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


def ranking_metrics(ranked: IntArray, holdout: Holdout) -> dict[str, Values]:
    """The metrics of order at each cutoff, (users,); enough for a search."""
    hits = metrics.hits(ranked, holdout.indptr, holdout.items)
    relevant = np.diff(holdout.indptr)
    values: dict[str, Values] = {}
    for k in CUTOFFS:
        values[f"recall@{k}"] = metrics.recall(hits[:, :k], relevant)
        values[f"ndcg@{k}"] = metrics.ndcg(hits[:, :k], relevant)
        values[f"hr@{k}"] = metrics.hit_rate(hits[:, :k], relevant)
        values[f"map@{k}"] = metrics.average_precision(hits[:, :k], relevant)
    return values


def user_metrics(ranked: IntArray, holdout: Holdout) -> dict[str, Values]:
    """Each per-user metric at each cutoff, (users,)."""
    history = holdout.history
    popularity = np.bincount(history.watched.target, minlength=history.n_items)
    values = ranking_metrics(ranked, holdout)
    for k in CUTOFFS:
        values[f"novelty@{k}"] = metrics.novelty(
            ranked[:, :k], popularity, history.n_users
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
