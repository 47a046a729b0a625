"""The default blend on data without times, words or settings of its own.

A random fifth of each person's watches is the test part (`fifth`); the parts of
`gowalla` and `ncf` are those of their protocols. Beside the blend stand ALS, EASE and
GF-CF with settings that were tuned by hand on a part of MovieLens-1M.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import datasets
from benchmarks.protocols import ncf
from benchmarks.protocols.running import Result, show, timed
from benchmarks.reports import Report
from recommender.ml.data import splits
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.data.splits import Holdout
from recommender.ml.evaluation import evaluate, metrics
from recommender.ml.evaluation.interval import bootstrap, paired_difference
from recommender.ml.evaluation.metrics import Values
from recommender.ml.models import registry
from recommender.ml.models.base import Model
from recommender.ml.train.budget import Budget

SEED = 0
SECONDS = 1800.0
METRICS = ("recall@20", "ndcg@20")
FIFTHS = ("ml100k", "kuairand", "ml1m")
BY_HAND: Mapping[str, Mapping[str, Any]] = {
    "popularity": {},
    "als": {"factors": 128, "regularization": 60.0},
    "ease": {"balance": 0.5},
    "gf_cf": {"rank": 256, "low_pass": 0.1, "sharpening": 0.9, "degree": 0.2},
}


def run(folder: Path, only: Sequence[str] | None = None) -> Iterator[Report]:
    """A report for each data set; ``only`` names models or data sets."""
    wanted = set(only or ())
    models = wanted & {"blend", *BY_HAND} or {"blend", *BY_HAND}
    sets = ("ml100k", "kuairand", "ml1m", "ncf", "ncf ordered", "gowalla")
    for dataset in [name for name in sets if name in wanted] or sets:
        yield report(folder, dataset, models)


def report(folder: Path, dataset: str, models: set[str]) -> Report:
    """The report of one data set."""
    with timed("untuned", dataset) as result:
        if dataset.startswith("ncf"):
            _ranked_among_negatives(folder, dataset, result)
        else:
            _ranked_among_all(folder, dataset, models, result)
    assert result.report
    return result.report


def fifth(whole: GraphSnapshot) -> Holdout:
    """A random fifth of each person's watches, all without times and descriptions."""
    watched = replace(whole.watched, time=np.zeros(len(whole.watched)))
    pairs = datasets.plain(
        watched.source, watched.target, n_users=whole.n_users, n_items=whole.n_items
    )
    return splits.leave_random(pairs, share=0.2, seed=SEED).test


def _ranked_among_all(
    folder: Path, dataset: str, models: set[str], result: Result
) -> None:
    if dataset == "gowalla":
        holdout = datasets.gowalla(folder)
    else:
        holdout = fifth(getattr(datasets, dataset)(folder))
    values: dict[str, dict[str, Values]] = {}
    by_hand = BY_HAND if dataset in FIFTHS else {}
    for name in [*by_hand, "blend"]:
        if name not in models:
            continue
        model = _fitted(name, holdout.history, result)
        lists = evaluate.rank_items(model, holdout, 20)
        values[name] = evaluate.user_metrics(lists, holdout)
        result.add(name, {m: bootstrap(values[name][m], seed=SEED) for m in METRICS})
    if "blend" in values:
        ours = values.pop("blend")
        for name, theirs in values.items():
            result.differences[f"blend - {name}"] = {
                metric: paired_difference(ours[metric], theirs[metric], seed=SEED)
                for metric in METRICS
            }


def _ranked_among_negatives(folder: Path, dataset: str, result: Result) -> None:
    ordered = dataset.endswith("ordered")
    history, candidates = datasets.ml1m_ncf(folder, ordered=ordered)
    model = _fitted("blend", history, result)
    hits = ncf.target_ranks(model, history, candidates)
    one = np.ones(len(hits), np.int64)
    figures = {
        "hr@10": metrics.hit_rate(hits, one),
        "ndcg@10": metrics.ndcg(hits, one),
    }
    result.add("blend", {m: bootstrap(v, seed=SEED) for m, v in figures.items()})


def _fitted(name: str, history: GraphSnapshot, result: Result) -> Model:
    began = time.perf_counter()
    model = registry.fit(
        name, history, BY_HAND.get(name), show, budget=Budget(seconds=SECONDS)
    )
    result.notes.append(f"{name}: {time.perf_counter() - began:.0f} s")
    if name == "blend":
        result.notes.append(str({n: v for n, v in model.searched.items() if v}))
    return model
