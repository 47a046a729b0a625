"""For whom, and for what, models are good: new people, new videos, categories.

Everything is measured on the holdout that the report is about, with the models as they
were fitted for it: none is trained again, none has seen the people it calls new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from scipy import sparse

from recommender.ml.data.history import Trail, UserHistory
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray
from recommender.ml.data.splits import FIRST_WATCHES, Holdout, Newcomers
from recommender.ml.evaluation import metrics
from recommender.ml.evaluation.interval import bootstrap
from recommender.ml.evaluation.metrics import Values
from recommender.ml.models.base import Model, top_k

METRIC = "ndcg@10"  # of people
ITEM_METRIC = "recall@20"  # of videos: how many of those asked for are found
CUTOFF = 20  # of the lists of which the categories are counted
STEPS = (0, 1, 3, FIRST_WATCHES)  # watches of a newcomer that are known
HISTORY = (1, 3, 6, 11, 21, 51)  # where ranges of known watches begin
ITEM_HISTORY = (0, 1, 6, 21, 101)

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
    """The part of a report that is drawn as curves, ready for JSON."""
    return {
        "by history": by_history(values, holdout, seed=seed),
        "by item": by_item(lists, holdout, seed=seed),
        "newcomers": newcomers(fitted, holdout.newcomers, seed=seed),
        "categories": categories(lists, holdout),
    }


def by_history(
    values: Mapping[str, Mapping[str, Values]], holdout: Holdout, *, seed: int
) -> Rows:
    """NDCG@10 of people by how many of their watches are known."""
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
    """Recall@20 of the targets alone that so many people are known to have watched."""
    history = holdout.history
    watched = history.positive_watches
    known = np.bincount(watched.target, minlength=history.n_items)
    owner = np.repeat(np.arange(len(holdout.users)), np.diff(holdout.indptr))
    rows: Rows = []
    for label, inside in _ranges(known[holdout.items], ITEM_HISTORY):
        counts = np.bincount(owner[inside], minlength=len(holdout.users))
        asked = counts > 0
        indptr = np.concatenate([[0], np.cumsum(counts[asked])])
        targets = holdout.items[inside]
        recalls = {
            name: metrics.recall(
                metrics.hits(ranked[asked], indptr, targets), counts[asked]
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
    fitted: Mapping[str, Model], people: Newcomers | None, *, seed: int
) -> Rows:
    """NDCG@10 of people whom no model has seen, once 0, 1, 3, 5 watches are known.

    Asked for is the same at each step, what they watched after their fifth; what they
    watched before is never recommended.
    """
    if people is None or not len(people.users):
        return []
    return [
        {
            "known": known,
            "count": len(people.users),
            "models": {
                name: _interval(_newcomers_ndcg(model, people, known), seed)
                for name, model in fitted.items()
            },
        }
        for known in STEPS
    ]


def categories(lists: Lists, holdout: Holdout) -> Rows:
    """The share of each category in what people watched before, in what they watched
    next, and in each model's lists; the greatest first."""
    labels = category_shares(holdout.history)
    if labels is None:
        return []
    past = tastes(holdout, labels).mean(0)
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
    """(n_items, n_categories) of which rows sum to 1, or to 0 where an item has no
    category; None where there are none at all."""
    if not len(history.in_category):
        return None
    labels = np.zeros((history.n_items, history.n_categories), np.float32)
    labels[history.in_category.source, history.in_category.target] = 1
    labels /= np.maximum(labels.sum(1, keepdims=True), 1)
    return labels


def tastes(holdout: Holdout, labels: FloatArray) -> FloatArray:
    """(users, n_categories): the categories of what each person is known to have
    watched, by engagement, as shares."""
    history = holdout.history
    watched = sparse.csr_array(
        (history.watched.weight, (history.watched.source, history.watched.target)),
        shape=(history.n_users, history.n_items),
    )
    found = watched[holdout.users] @ labels
    found /= np.maximum(found.sum(1, keepdims=True), 1e-12)
    return np.asarray(found, np.float32)


def _newcomers_ndcg(model: Model, people: Newcomers, known: int) -> Values:
    interests = people.snapshot.interested_in
    start = np.searchsorted(interests.source, people.users, "left")
    stop = np.searchsorted(interests.source, people.users, "right")
    ids = people.snapshot.item_ids[people.first]
    # The newest watch last, a day apart: models ask for the order alone.
    time = people.snapshot.taken_at + 86_400.0 * np.arange(FIRST_WATCHES)
    states = [
        UserHistory(
            watched=Trail.from_ids(ids[row, :known], time=time[:known]),
            interests=Trail.from_ids(people.snapshot.parent_ids[interests.target[a:b]]),
        )
        for row, (a, b) in enumerate(zip(start, stop, strict=True))
    ]
    lists = []
    for begin in range(0, len(states), 512):
        part = slice(begin, begin + 512)
        scores = model.scores(states[part]).copy()
        np.put_along_axis(scores, people.first[part], -np.inf, axis=1)
        lists.append(top_k(scores, 10))
    hits = metrics.hits(np.concatenate(lists), people.indptr, people.items)
    return metrics.ndcg(hits, np.diff(people.indptr))


def _ranges(
    counts: IntArray, begins: tuple[int, ...]
) -> list[tuple[str, np.ndarray[Any, np.dtype[np.bool_]]]]:
    """Which of ``counts`` lie in each range that is not empty, with its name."""
    found = []
    for begin, end in zip(begins, (*begins[1:], None), strict=True):
        inside = counts >= begin
        if end is None:
            label = f"{begin} or more"
        else:
            inside &= counts < end
            label = f"{begin}" if end == begin + 1 else f"{begin} to {end - 1}"
        if inside.any():
            found.append((label, inside))
    return found


def _interval(values: Values, seed: int) -> dict[str, float]:
    return asdict(bootstrap(values, seed=seed))
