"""New people and new videos on MovieLens-100K, unknown to the models.

A tenth of the people are left out of training. The last fifth of their watches are the
targets. Models get their most frequent genres and 0, 1, 3 or 5 of the newest watches
before these; "warm" means all of them.

A tenth of the videos are left out of training, too. Models get their titles and genres;
the targets are their test watches, ranked among all videos.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import datasets
from benchmarks.protocols.running import Configs, fitted, timed
from benchmarks.reports import Report
from recommender.ml.data import splits
from recommender.ml.data.history import Trail, UserHistory, histories
from recommender.ml.data.snapshot import (
    RELATIONS,
    Edges,
    GraphSnapshot,
    IntArray,
    positions,
)
from recommender.ml.data.splits import Holdout
from recommender.ml.evaluation import evaluate, metrics
from recommender.ml.evaluation.interval import bootstrap
from recommender.ml.evaluation.metrics import Values
from recommender.ml.models.base import Model, top_k

SEED = 0
SHARE = 0.1
KNOWN = (0, 1, 3, 5)
TARGET_SHARE = 0.2  # of a new person's watches
GENRES = 3

CONFIGS: Configs = {
    "popularity": ("popularity", {}),
    "co_watch": ("co_watch", {}),
    "content": ("content", {}),
    "graphsage": ("graphsage", {}),
    "blend": ("blend", {}),
}


@dataclass(frozen=True, eq=False)
class Newcomers:
    """``known`` histories in order of watches, and the dense ``targets`` of each."""

    known: Sequence[UserHistory]
    targets: Sequence[IntArray]


def run(folder: Path, only: Sequence[str] | None = None) -> Iterator[Report]:
    """One report: people by the number of known watches, and videos without any."""
    whole = datasets.ml100k(folder)
    rest, newcomers = _without_people(whole)
    hidden, holdout = _without_videos(whole)
    with timed("cold", "ml100k") as result:
        people = {
            name: {
                **{
                    f"ndcg@10 after {known}": _ndcg(model, newcomers, known)
                    for known in KNOWN
                },
                "ndcg@10 warm": _ndcg(model, newcomers, None),
            }
            for name, model in fitted(CONFIGS, rest, only)
        }
        for name, model in fitted(
            CONFIGS, _without_items(holdout.history, hidden), only
        ):
            lists = evaluate.rank_items(model.renewed(holdout.history), holdout, 20)
            values = people[name] | {
                "recall@20 cold item": evaluate.user_metrics(lists, holdout)[
                    "recall@20"
                ]
            }
            result.add(name, {m: bootstrap(v, seed=SEED) for m, v in values.items()})
        result.notes.append(
            f"{len(newcomers.known)} new people; {len(hidden)} new videos, "
            f"watched by {len(holdout.users)} people"
        )
    assert result.report
    yield result.report


def _without_people(whole: GraphSnapshot) -> tuple[GraphSnapshot, Newcomers]:
    random = np.random.default_rng(SEED)
    count = round(SHARE * whole.n_users)
    new = np.sort(random.choice(whole.n_users, count, replace=False))

    def known(edges: Edges) -> Edges:
        return edges.where(~np.isin(edges.source, new))

    rest = replace(whole, watched=known(whole.watched), liked=known(whole.liked))
    parents: dict[int, list[int]] = {}
    for item, parent in zip(
        whole.in_parent.source.tolist(), whole.in_parent.target.tolist(), strict=True
    ):
        parents.setdefault(item, []).append(parent)
    known_states, targets = [], []
    for state in histories(whole, new):
        order = np.argsort(state.watched.time, kind="stable")
        order = order[state.watched.weight[order] > 0]
        if len(order) < 10:
            continue
        last = round(len(order) * (1 - TARGET_SHARE))
        before = state.watched.select(order[:last])
        places = positions(whole.item_ids, before.ids).tolist()
        genres = np.bincount(
            [parent for place in places for parent in parents.get(place, ())],
            minlength=whole.n_parents,
        )
        chosen = whole.parent_ids[np.argsort(-genres, kind="stable")[:GENRES]]
        known_states.append(
            UserHistory(watched=before, interests=Trail.from_ids(chosen))
        )
        targets.append(positions(whole.item_ids, state.watched.ids[order[last:]]))
    return rest, Newcomers(known_states, targets)


def _ndcg(model: Model, newcomers: Newcomers, known: int | None) -> Values:
    """NDCG@10 with the ``known`` newest watches, with all of them if None."""
    states = []
    for state in newcomers.known:
        first = 0 if known is None else len(state.watched) - known
        part = state.watched.select(np.arange(first, len(state.watched)))
        states.append(replace(state, watched=part))
    scores = model.scores(states).copy()
    # The candidates do not depend on ``known``: all videos not watched before.
    for row, state in enumerate(newcomers.known):
        scores[row, positions(model.item_ids, state.watched.ids)] = -np.inf
    lists = top_k(scores, 10)
    indptr = np.cumsum([0, *(len(t) for t in newcomers.targets)])
    hits = metrics.hits(lists, indptr, np.concatenate(newcomers.targets))
    return metrics.ndcg(hits, np.diff(indptr))


def _without_videos(whole: GraphSnapshot) -> tuple[IntArray, Holdout]:
    """The hidden videos, and a holdout with their watches as targets, without them in
    its history."""
    random = np.random.default_rng(SEED)
    count = round(SHARE * whole.n_items)
    hidden = np.sort(random.choice(whole.n_items, count, replace=False))
    test = splits.global_time_split(whole).test

    def visible(edges: Edges) -> Edges:
        return edges.where(~np.isin(edges.target, hidden))

    history = replace(
        test.history,
        watched=visible(test.history.watched),
        liked=visible(test.history.liked),
    )
    targets = np.isin(test.items, hidden)
    owner = np.repeat(test.users, np.diff(test.indptr))[targets]
    return hidden, datasets.held_out(history, owner, test.items[targets])


def _without_items(snapshot: GraphSnapshot, hidden: IntArray) -> GraphSnapshot:
    """``snapshot`` without the dense items ``hidden``."""
    remaining = np.ones(snapshot.n_items, bool)
    remaining[hidden] = False
    place = np.cumsum(remaining) - 1
    edges: dict[str, Any] = {}
    for name, kinds in RELATIONS.items():
        each: Edges = getattr(snapshot, name)
        for end, kind in zip(("source", "target"), kinds, strict=True):
            if kind == "item":
                each = each.where(remaining[getattr(each, end)])
                each = replace(each, **{end: place[getattr(each, end)]})
        edges[name] = each
    return replace(
        snapshot,
        item_ids=snapshot.item_ids[remaining],
        texts=tuple(compress(snapshot.texts, remaining)),
        duration=snapshot.duration[remaining],
        created=snapshot.created[remaining],
        text_vectors=snapshot.text_vectors[remaining],
        **edges,
    )
