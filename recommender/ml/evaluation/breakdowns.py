"""Breakdowns of a report: by known watches, for new people, by category.

All are measured on the report's holdout with the models fitted for it. No model has
seen the newcomers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from scipy import sparse

from recommender.ml.data.history import Trail, UserHistory
from recommender.ml.data.snapshot import (
    FloatArray,
    GraphSnapshot,
    IntArray,
    list_places,
    positions,
)
from recommender.ml.data.splits import FIRST_WATCHES, Holdout, Newcomers
from recommender.ml.evaluation import metrics
from recommender.ml.evaluation.interval import bootstrap
from recommender.ml.evaluation.metrics import Values
from recommender.ml.models.base import Model, top_k
from recommender.ml.train.budget import until_spent

METRIC = "ndcg@10"  # of people
ITEM_METRIC = "recall@20"  # of videos
CUTOFF = 20  # of the lists whose categories are counted
STEPS = (0, 1, 3, FIRST_WATCHES)  # known watches of a newcomer
HISTORY = (1, 3, 6, 11, 21, 51)  # lower bounds of ranges of known watches
ITEM_HISTORY = (0, 1, 6, 21, 101)
NEWCOMERS = 1000  # at most, of a large catalogue
LARGE = 20_000  # items
SCORES_AT_ONCE = 8_000_000

Lists = Mapping[str, IntArray]
Rows = list[dict[str, Any]]


def sections(
    fitted: Mapping[str, Model],
    lists: Lists,
    values: Mapping[str, Mapping[str, Values]],
    holdout: Holdout,
    *,
    seed: int,
) -> dict[str, Any]:
    """All breakdowns of a report, ready for JSON."""
    return {
        "by history": by_history(values, holdout, seed=seed),
        "by item": by_item(lists, holdout, seed=seed),
        "newcomers": newcomers(
            fitted, holdout.newcomers, seed=seed, limit=len(holdout.users)
        ),
        "categories": categories(lists, holdout),
    }


def by_history(
    values: Mapping[str, Mapping[str, Values]], holdout: Holdout, *, seed: int
) -> Rows:
    """NDCG@10 of people, by the number of their known watches."""
    history = holdout.history
    watched = history.positive_watches
    known = np.bincount(watched.source, minlength=history.n_users)[holdout.users]
    rows: Rows = []
    for label, inside in _ranges(known, HISTORY):
        rows.append(
            {
                "range": label,
                "count": int(inside.sum()),
                "models": {
                    name: _interval(each[METRIC][inside], seed)
                    for name, each in values.items()
                },
            }
        )
    return rows


def by_item(lists: Lists, holdout: Holdout, *, seed: int) -> Rows:
    """Recall@20 of targets, by the number of their known watches."""
    history = holdout.history
    watched = history.positive_watches
    known = np.bincount(watched.target, minlength=history.n_items)
    owner = np.repeat(np.arange(len(holdout.users)), np.diff(holdout.indptr))
    rows: Rows = []
    for label, inside in _ranges(known[holdout.items], ITEM_HISTORY):
        counts = np.bincount(owner[inside], minlength=len(holdout.users))
        users = counts > 0
        indptr = np.concatenate([[0], np.cumsum(counts[users])])
        targets = holdout.items[inside]
        recalls = {
            name: metrics.recall(
                metrics.hits(ranked[users], indptr, targets), counts[users]
            )
            for name, ranked in lists.items()
        }
        rows.append(
            {
                "range": label,
                "count": len(targets),
                "models": {
                    name: _interval(each, seed) for name, each in recalls.items()
                },
            }
        )
    return rows


def newcomers(
    fitted: Mapping[str, Model],
    people: Newcomers | None,
    *,
    seed: int,
    limit: int | None = None,
) -> Rows:
    """NDCG@10 of newcomers when the models know 0, 1, 3 or 5 of their watches.

    Of a large catalogue they are a sample, an eighth of ``limit``. Without time, only
    the first of these numbers.

    The targets are the same at each step: all watches after the fifth. The first five
    are never recommended.
    """
    if people is None or not len(people.users):
        return []
    if people.snapshot.n_items > LARGE and limit is not None:
        people = people.sample(min(NEWCOMERS, max(1, limit // 8)))
    return [
        {
            "known": known,
            "count": len(people.users),
            "models": {
                name: _interval(_newcomers_ndcg(model, people, known), seed)
                for name, model in fitted.items()
            },
        }
        for known in until_spent(STEPS)
    ]


def categories(lists: Lists, holdout: Holdout) -> Rows:
    """The share of each category in past watches, in the next watches and in each
    model's lists; the greatest past share first."""
    labels = category_shares(holdout.history)
    if labels is None:
        return []
    past = category_profiles(holdout, labels).mean(0)
    users = np.repeat(np.arange(len(holdout.users)), np.diff(holdout.indptr))
    weight = 1 / np.maximum(np.diff(holdout.indptr), 1)[users]
    after = weight @ labels[holdout.items] / max(len(holdout.users), 1)
    listed = {
        name: labels[ranked[:, :CUTOFF][ranked[:, :CUTOFF] >= 0]].mean(0)
        for name, ranked in lists.items()
    }
    return [
        {
            "category": int(holdout.history.category_ids[place]),
            "past": float(past[place]),
            "next": float(after[place]),
            "models": {name: float(each[place]) for name, each in listed.items()},
        }
        for place in np.argsort(-past, kind="stable")
    ]


def category_shares(history: GraphSnapshot) -> FloatArray | None:
    """(n_items, n_categories): rows sum to 1, or to 0 for an item without category;
    None if no item has one."""
    if not len(history.in_category):
        return None
    labels = np.zeros((history.n_items, history.n_categories), np.float32)
    labels[history.in_category.source, history.in_category.target] = 1
    labels /= np.maximum(labels.sum(1, keepdims=True), 1)
    return labels


def category_profiles(holdout: Holdout, labels: FloatArray) -> FloatArray:
    """(users, n_categories): shares of the categories in each person's known watches,
    by engagement."""
    watched = holdout.history.watched
    first, last = (
        np.searchsorted(watched.source, holdout.users, side)
        for side in ("left", "right")
    )
    place, row = list_places(first, last)
    known = sparse.csr_array(
        (watched.weight[place], (row, watched.target[place])),
        shape=(len(holdout.users), holdout.history.n_items),
    )
    profiles = known @ labels
    profiles /= np.maximum(profiles.sum(1, keepdims=True), 1e-12)
    return np.asarray(profiles, np.float32)


def _newcomers_ndcg(model: Model, people: Newcomers, known: int) -> Values:
    interests = people.snapshot.interested_in
    start = np.searchsorted(interests.source, people.users, "left")
    stop = np.searchsorted(interests.source, people.users, "right")
    ids = people.snapshot.item_ids[people.first]
    # The newest watch last, a day apart: models use only the order.
    time = people.snapshot.taken_at + 86_400.0 * np.arange(FIRST_WATCHES)
    states = [
        UserHistory(
            watched=Trail.from_ids(ids[row, :known], time=time[:known]),
            interests=Trail.from_ids(people.snapshot.parent_ids[interests.target[a:b]]),
        )
        for row, (a, b) in enumerate(zip(start, stop, strict=True))
    ]
    rank = _retrieved if people.snapshot.n_items > LARGE else _scored
    hits = metrics.hits(rank(model, people, states), people.indptr, people.items)
    return metrics.ndcg(hits, np.diff(people.indptr))


def _scored(model: Model, people: Newcomers, states: Sequence[UserHistory]) -> IntArray:
    """(people, 10): the best items by all scores, without the first ones watched."""
    lists = []
    at_once = max(1, SCORES_AT_ONCE // people.snapshot.n_items)
    for begin in range(0, len(states), at_once):
        part = slice(begin, begin + at_once)
        scores = model.scores(states[part]).copy()
        np.put_along_axis(scores, people.first[part], -np.inf, axis=1)
        lists.append(top_k(scores, 10))
    return np.concatenate(lists)


def _retrieved(
    model: Model, people: Newcomers, states: Sequence[UserHistory]
) -> IntArray:
    """As `_scored`, by `Model.recommend`; -1 where a list ends early."""
    ids = people.snapshot.item_ids
    ranked = np.full((len(states), 10), -1, np.int64)
    for row, state in enumerate(states):
        found = model.recommend(state, k=10, exclude=ids[people.first[row]]).ids
        ranked[row, : len(found)] = positions(ids, found)
    return ranked


def _ranges(
    counts: IntArray, begins: tuple[int, ...]
) -> list[tuple[str, np.ndarray[Any, np.dtype[np.bool_]]]]:
    """The label of each range that is not empty, and which ``counts`` are in it."""
    ranges = []
    for begin, end in zip(begins, (*begins[1:], None), strict=True):
        inside = counts >= begin
        if end is None:
            label = f"{begin} or more"
        else:
            inside &= counts < end
            label = f"{begin}" if end == begin + 1 else f"{begin} to {end - 1}"
        if inside.any():
            ranges.append((label, inside))
    return ranges


def _interval(values: Values, seed: int) -> dict[str, float]:
    return asdict(bootstrap(values, seed=seed))
