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

CONFIGS: Configs = {
    "popularity": {},
    "co_watch": {},
    "als": {},
    "gf_cf": {},
    "graphsage": {},
    "blend": {},
}


def run(folder: Path, only: Sequence[str] | None = None) -> Iterator[Report]:
    """Every model that the data allows: there are no times, words or categories."""
    holdout = datasets.gowalla(folder)
    with timed("gowalla", "gowalla") as result:
        for name, model in fitted(CONFIGS, holdout.history, only):
            lists = evaluate.ranked(model, holdout, 20)
            values = evaluate.per_user(lists, holdout)
            result.models[name] = {
                metric: metrics.bootstrap(values[metric], seed=SEED)
                for metric in METRICS
            }
    assert result.report
    yield result.report
