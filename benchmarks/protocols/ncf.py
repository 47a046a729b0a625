"""The protocol of NCF: leave one out on MovieLens-1M, with 99 negatives a user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks import datasets
from benchmarks.protocols.running import Configs, fitted, timed
from benchmarks.reports import Report
from recommender.ml.data.history import histories
from recommender.ml.data.snapshot import GraphSnapshot, IntArray
from recommender.ml.evaluation import metrics
from recommender.ml.evaluation.interval import bootstrap
from recommender.ml.evaluation.metrics import HitMatrix
from recommender.ml.models.base import Model

CUTOFF = 10
SEED = 0
USERS_AT_ONCE = 512

EASE = {"regularization": 1000.0}
UNORDERED_EASE = {**EASE, "balance": 0.5}
BLENDED_EASE = {"regularization": 300.0, "balance": 0.5}
GRAPHSAGE = {
    "dim": 128,
    "hops": 1,
    "together": 0.0,
    "epochs": 40,
    "batch_size": 1024,
    "learning_rate": 0.02,
    "temperature": 0.13,
    "exponent": 0.0,
    "wide": 0.0,
}
UNORDERED_SAGE = {**GRAPHSAGE, "dim": 256, "people_weight": 0.5}
ALS = {"factors": 128, "regularization": 60.0}
SHARPENED = {"rank": 256, "low_pass": 0.1, "sharpening": 0.9, "degree": 0.2}
# Settings and weights were found on the last watch of each training history, against 99
# random negatives; the blend's own search would optimise full rankings.
UNORDERED: Configs = {
    "popularity": ("popularity", {}),
    "co_watch": ("co_watch", {}),
    "als": ("als", ALS),
    "ease": ("ease", UNORDERED_EASE),
    "gf_cf": ("gf_cf", {"rank": 64}),
    "gf_cf sharpened": ("gf_cf", SHARPENED),
    "graphsage": ("graphsage_ids", UNORDERED_SAGE),
    "blend": (
        "blend",
        {
            "members": ("graphsage_ids", "ease", "als"),
            "settings": {
                "graphsage_ids": UNORDERED_SAGE,
                "ease": BLENDED_EASE,
                "als": ALS,
            },
            "weights": {"graphsage_ids": 1.0, "ease": 1.0, "als": 1.0},
            "by_person": False,
        },
    ),
}
ORDERED_EASE = {**EASE, "recency": 20.0}
ORDERED_SAGE = {**GRAPHSAGE, "ordered": True, "lean": 1.0}
SEQUENCE = {"negatives": 512, "learning_rate": 0.002}
STOPPED_SEQUENCE = {**SEQUENCE, "stop_after": 27}
ORDERED: Configs = {
    **{name: config for name, config in UNORDERED.items() if name != "blend"},
    "ease": ("ease", ORDERED_EASE),
    "transition": ("transition", {}),
    "sequence": ("sequence", STOPPED_SEQUENCE),
    "graphsage": ("graphsage_ids", ORDERED_SAGE),
    "blend": (
        "blend",
        {
            "members": ("sequence", "graphsage_ids", "transition", "als"),
            "settings": {
                "sequence": STOPPED_SEQUENCE,
                "graphsage_ids": ORDERED_SAGE,
                "als": ALS,
            },
            "weights": {
                "sequence": 1.0,
                "graphsage_ids": 0.4,
                "transition": 0.1,
                "als": 0.15,
            },
        },
    ),
}


def run(folder: Path, only: Sequence[str] | None = None) -> Iterator[Report]:
    """Two reports: without and with the order of the watches."""
    for dataset in ("ml1m", "ml1m ordered"):
        yield report(folder, dataset, only)


def report(folder: Path, dataset: str, only: Sequence[str] | None = None) -> Report:
    """The report of ``dataset``, "ml1m" or "ml1m ordered"."""
    ordered = dataset == "ml1m ordered"
    history, candidates = datasets.ml1m_ncf(folder, ordered=ordered)
    with timed("ncf", dataset) as result:
        for name, model in fitted(ORDERED if ordered else UNORDERED, history, only):
            hits = target_ranks(model, history, candidates)
            one = np.ones(len(hits), np.int64)
            values = {
                "hr@10": metrics.hit_rate(hits, one),
                "ndcg@10": metrics.ndcg(hits, one),
            }
            result.add(
                name,
                {
                    metric: bootstrap(value, seed=SEED)
                    for metric, value in values.items()
                },
            )
    assert result.report
    return result.report


def target_ranks(
    model: Model, history: GraphSnapshot, candidates: IntArray
) -> HitMatrix:
    """(users, 10): True at the rank of the target, column 0, among its negatives.

    Ties count against the model. Some published negatives are the target itself and do
    not count.
    """
    hits = np.zeros((len(candidates), CUTOFF), bool)
    for start in range(0, len(candidates), USERS_AT_ONCE):
        users = np.arange(start, min(start + USERS_AT_ONCE, len(candidates)))
        scores = model.scores(histories(history, users))
        own = np.take_along_axis(scores, candidates[users], axis=1)
        negatives = candidates[users, 1:] != candidates[users, :1]
        rank = ((own[:, 1:] >= own[:, :1]) & negatives).sum(1)
        near = rank < CUTOFF
        hits[users[near], rank[near]] = True
    return hits
