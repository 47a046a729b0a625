"""Gowalla as LightGCN splits it: full ranking, items of the train part left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import datasets
from benchmarks.protocols.running import Configs, fitted, timed
from benchmarks.reports import Report
from recommender.ml import evaluate, metrics

METRICS = ("recall@20", "ndcg@20")
SEED = 0

# The exponent, batch size and depth were chosen on clusters held out of the train part,
# as `splits.leave_cluster` cuts them.
GRAPHSAGE = {
    "dim": 128,
    "hops": 2,
    "epochs": 20,
    "batch_size": 2048,
    "negatives": 4096,
    "learning_rate": 0.05,
    "temperature": 0.12,
    "exponent": 0.25,
}
CONFIGS: Configs = {
    "popularity": ("popularity", {}),
    "co_watch": ("co_watch", {}),
    "als": ("als", {}),
    "gf_cf": ("gf_cf", {}),
    "graphsage": ("graphsage_ids", GRAPHSAGE),
    "blend": (
        "blend",
        {
            "members": ("graphsage_ids", "gf_cf", "als", "co_watch"),
            "settings": {"graphsage_ids": GRAPHSAGE},
            "cut": "cluster",
            "aim": "ndcg@20",
        },
    ),
}


def run(folder: Path, only: Sequence[str] | None = None) -> Iterator[Report]:
    """Every model that the data allows: there are no times, words or categories."""
    holdout = datasets.gowalla(folder)
    with timed("gowalla", "gowalla") as result:
        for name, model in fitted(CONFIGS, holdout.history, only):
            lists = evaluate.ranked(model, holdout, 20)
            values = evaluate.per_user(lists, holdout)
            result.add(
                name,
                {
                    metric: metrics.bootstrap(values[metric], seed=SEED)
                    for metric in METRICS
                },
            )
    assert result.report
    yield result.report
