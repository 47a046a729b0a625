"""Prediction of the next watches from all before: full ranking of unseen items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import datasets
from benchmarks.protocols.running import Configs, fitted, timed
from benchmarks.reports import Report
from recommender.ml.data import splits
from recommender.ml.data.splits import Holdout
from recommender.ml.evaluation import evaluate
from recommender.ml.evaluation.interval import Interval, bootstrap, paired_difference
from recommender.ml.evaluation.metrics import Values

SEED = 0
METRICS = ("recall@10", "recall@20", "ndcg@10", "ndcg@20")

SINGLE: Configs = {
    "popularity": ("popularity", {}),
    "co_watch": ("co_watch", {}),
    "ease": ("ease", {}),
    "als": ("als", {}),
    "gf_cf": ("gf_cf", {"rank": 64}),
    "lightgcn": ("lightgcn", {}),
    "sequence": ("sequence", {}),
    "content": ("content", {}),
    "graphsage": ("graphsage", {}),
}
BY_THE_CLOCK: Configs = {**SINGLE, "blend": ("blend", {})}
# MovieLens-1M has an order within each person's watches, but no timestamps. Settings of
# EASE, and temperature and lean of GraphSAGE, were searched on the validation part of
# the same split, as are the weights; the sequence model's number of epochs was set
# beforehand; other settings are as in `ncf`. LightGCN is left out: its 200 epochs over
# a million watches take most of a day on two cores.
SAGE = {
    "ordered": True,
    "hops": 1,
    "together": 0.0,
    "epochs": 20,
    "learning_rate": 0.02,
    "temperature": 0.1,
    "exponent": 0.0,
    "lean": 4.0,
    "wide": 0.0,
}
EASE = {"regularization": 100.0, "recency": 10.0}
ALS = {"factors": 128, "regularization": 60.0}
SEQUENCE = {"negatives": 512, "learning_rate": 0.002, "stop_after": 20}
BY_THE_ORDER: Configs = {
    **{name: config for name, config in SINGLE.items() if name != "lightgcn"},
    "ease": ("ease", EASE),
    "als": ("als", ALS),
    "transition": ("transition", {}),
    "sequence": ("sequence", SEQUENCE),
    "graphsage": ("graphsage_ids", SAGE),
    "blend": (
        "blend",
        {
            "members": ("graphsage_ids", "sequence", "transition", "ease", "als"),
            "settings": {
                "graphsage_ids": SAGE,
                "sequence": SEQUENCE,
                "ease": EASE,
                "als": ALS,
            },
            "cut": "last",
        },
    ),
}


def run(folder: Path, only: Sequence[str] | None = None) -> Iterator[Report]:
    """Split by time on MovieLens-100K and KuaiRand, by order on MovieLens-1M."""
    for dataset in ("ml100k", "kuairand", "ml1m"):
        yield report(folder, dataset, only)


def report(folder: Path, dataset: str, only: Sequence[str] | None = None) -> Report:
    """The report of one data set."""
    holdout = part(folder, dataset)
    configs = BY_THE_ORDER if dataset == "ml1m" else BY_THE_CLOCK
    with timed("temporal", dataset) as result:
        values: dict[str, dict[str, Values]] = {}
        for name, model in fitted(configs, holdout.history, only):
            lists = evaluate.rank_items(model, holdout, 20)
            values[name] = evaluate.user_metrics(lists, holdout)
            result.add(
                name,
                {
                    metric: bootstrap(values[name][metric], seed=SEED)
                    for metric in METRICS
                },
            )
        result.differences |= differences(values)
    assert result.report
    return result.report


def part(folder: Path, dataset: str) -> Holdout:
    """The test part of one data set."""
    if dataset == "ml1m":
        return splits.leave_last(datasets.ml1m(folder)).test
    snapshot = {"ml100k": datasets.ml100k, "kuairand": datasets.kuairand}[dataset]
    return splits.global_time_split(snapshot(folder)).test


def differences(
    values: Mapping[str, Mapping[str, Values]],
) -> dict[str, dict[str, Interval]]:
    """The blend less each other model, person by person."""
    ours = values.get("blend", {})
    return {
        f"blend - {name}": {
            "ndcg@10": paired_difference(ours["ndcg@10"], theirs["ndcg@10"], seed=SEED)
        }
        for name, theirs in values.items()
        if ours and name != "blend"
    }
