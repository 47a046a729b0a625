"""New people and new videos on MovieLens-100K, with models that never saw them.

A tenth of the people are taken out of training. They come back with the genres that
most of their watches have and none, 1, 3 or 5 of their watches, the newest before the
last fifth, which is asked for; warm, with all of them.

A tenth of the videos is taken out of training as well. They come back with titles and
genres alone. Asked for are the test watches of those videos, among all videos.
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
ASKED = 0.2  # of a new person's watches
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
    """``known`` histories in the order of their watches, and the dense ``targets``."""

    known: Sequence[UserHistory]
    targets: Sequence[IntArray]


def run(folder: Path, only: Sequence[str] | None = None) -> Iterator[Report]:
    """One report: people by what is known of them, and videos without a watch."""
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
            f"asked for by {len(holdout.users)} people"
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
        last = round(len(order) * (1 - ASKED))
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
    shown = []
    for state in newcomers.known:
        first = 0 if known is None else len(state.watched) - known
        part = state.watched.select(np.arange(first, len(state.watched)))
        shown.append(replace(state, watched=part))
    scores = model.scores(shown).copy()
    # Whatever is known, the same videos compete: those not watched before.
    for row, state in enumerate(newcomers.known):
        scores[row, positions(model.item_ids, state.watched.ids)] = -np.inf
    lists = top_k(scores, 10)
    indptr = np.cumsum([0, *(len(t) for t in newcomers.targets)])
    hits = metrics.hits(lists, indptr, np.concatenate(newcomers.targets))
    return metrics.ndcg(hits, np.diff(indptr))


def _without_videos(whole: GraphSnapshot) -> tuple[IntArray, Holdout]:
    """The hidden videos, and who watched which of them, by a history without that."""
    random = np.random.default_rng(SEED)
    count = round(SHARE * whole.n_items)
    hidden = np.sort(random.choice(whole.n_items, count, replace=False))
    test = splits.global_time_split(whole).test

    def kept(edges: Edges) -> Edges:
        return edges.where(~np.isin(edges.target, hidden))

    history = replace(
        test.history, watched=kept(test.history.watched), liked=kept(test.history.liked)
    )
    asked = np.isin(test.items, hidden)
    owner = np.repeat(test.users, np.diff(test.indptr))[asked]
    return hidden, datasets.held_out(history, owner, test.items[asked])


def _without_items(snapshot: GraphSnapshot, hidden: IntArray) -> GraphSnapshot:
    """``snapshot`` as it would be if the dense items ``hidden`` did not exist."""
    kept = np.ones(snapshot.n_items, bool)
    kept[hidden] = False
    place = np.cumsum(kept) - 1
    edges: dict[str, Any] = {}
    for name, kinds in RELATIONS.items():
        each: Edges = getattr(snapshot, name)
        for end, kind in zip(("source", "target"), kinds, strict=True):
            if kind == "item":
                each = each.where(kept[getattr(each, end)])
                each = replace(each, **{end: place[getattr(each, end)]})
        edges[name] = each
    return replace(
        snapshot,
        item_ids=snapshot.item_ids[kept],
        texts=tuple(compress(snapshot.texts, kept)),
        duration=snapshot.duration[kept],
        created=snapshot.created[kept],
        text_vectors=snapshot.text_vectors[kept],
        **edges,
    )
