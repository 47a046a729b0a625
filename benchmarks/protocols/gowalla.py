"""Gowalla with the split of LightGCN: full ranking, without items of the train part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import datasets
from benchmarks.protocols.running import Configs, fitted, timed
from benchmarks.reports import Report
from recommender.ml.evaluation import evaluate
from recommender.ml.evaluation.interval import bootstrap

METRICS = ("recall@20", "ndcg@20")
SEED = 0

# Settings and weights were chosen on parts of the train part: clusters of
# `splits.leave_cluster`; sharpening and degree also on a random tenth.
GRAPHSAGE = {
    "dim": 128,
    "hops": 2,
    "epochs": 15,
    "batch_size": 512,
    "negatives": 2048,
    "learning_rate": 0.02,
    "temperature": 0.12,
    "exponent": 0.2,
    "wide": 4.0,
}
SHARPENED = {"rank": 512, "low_pass": 0.2, "sharpening": 0.6, "degree": 0.2}
CONFIGS: Configs = {
    "popularity": ("popularity", {}),
    "co_watch": ("co_watch", {}),
    "als": ("als", {}),
    "gf_cf": ("gf_cf", {}),
    "gf_cf sharpened": ("gf_cf", SHARPENED),
    "graphsage": ("graphsage_ids", GRAPHSAGE),
    "blend": (
        "blend",
        {
            "members": ("graphsage_ids", "gf_cf"),
            "settings": {"graphsage_ids": GRAPHSAGE, "gf_cf": SHARPENED},
            "weights": {"graphsage_ids": 1.0, "gf_cf": 0.2},
        },
    ),
}


def run(folder: Path, only: Sequence[str] | None = None) -> Iterator[Report]:
    """All models that need no times, texts or categories."""
    holdout = datasets.gowalla(folder)
    with timed("gowalla", "gowalla") as result:
        for name, model in fitted(CONFIGS, holdout.history, only):
            lists = evaluate.rank_items(model, holdout, 20)
            values = evaluate.user_metrics(lists, holdout)
            result.add(
                name,
                {metric: bootstrap(values[metric], seed=SEED) for metric in METRICS},
            )
    assert result.report
    yield result.report
