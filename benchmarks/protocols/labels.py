"""Genres of MovieLens-1M, inferred from 1, 5, 10, 50 or 90 % of the films' genres.

`label_head` is a head on the films' vectors, of GraphSAGE by ids and of ALS, and on the
propagated labels. It and plain propagation see the same watches and labels, tune on
these alone, and give each genre to the same share of the other films as of the known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks import datasets
from benchmarks.protocols.running import Configs, fitted, timed
from benchmarks.reports import Report
from recommender.ml.data.features import unit
from recommender.ml.data.snapshot import IntArray
from recommender.ml.evaluation.interval import Interval
from recommender.ml.labels import label_propagation
from recommender.ml.labels.label_propagation import Flags, LabelHead, Matrix
from recommender.ml.models.base import FactorModel

SEED = 0
RESAMPLES = 200
SHARES = (0.01, 0.05, 0.1, 0.5, 0.9)
NEIGHBOURS = (10, 30)
RESTARTS = (0.5, 0.2, 0.05)
VECTORS: Configs = {
    "graphsage_ids": (
        "graphsage_ids",
        {"dim": 64, "epochs": 6, "exponent": 0.0, "lean": 0.0, "wide": 0.0},
    ),
    "als": ("als", {"factors": 64, "iterations": 5}),
}
OURS, PLAIN = "label_head", "label_propagation"


def run(folder: Path, only: Sequence[str] | None = None) -> Iterator[Report]:
    """One report: macro-F1 over the films with hidden genres."""
    snapshot = datasets.ml1m(folder)
    truth = np.zeros((snapshot.n_items, snapshot.n_categories), bool)
    truth[snapshot.in_category.source, snapshot.in_category.target] = True
    with timed("labels", "ml1m") as result:
        vectors = [
            unit(model.vectors)
            for _, model in fitted(VECTORS, snapshot, None)
            if isinstance(model, FactorModel)
        ]
        reach = {
            (near, restart): label_propagation.influence(graph, restart=restart)
            for near in NEIGHBOURS
            for graph in [label_propagation.neighbourhood(snapshot, neighbours=near)]
            for restart in RESTARTS
        }
        rows: dict[str, dict[str, Interval]] = {}
        gains: dict[str, Interval] = {}
        for share in SHARES:
            known, hidden = _cut(truth, share)
            chosen, plain = _propagation(reach, truth, known)
            labels = np.zeros_like(truth)
            labels[known] = truth[known]
            others = label_propagation.propagate(
                reach[chosen], labels, without_own=True
            )
            blocks: label_propagation.Blocks = [*vectors, others]
            ours = LabelHead.fit(blocks, truth, known, seed=SEED).scores(blocks)
            part = truth[known].mean(0)
            assigned = {
                name: label_propagation.assign(scores[hidden], part)
                for name, scores in ((OURS, ours), (PLAIN, plain))
            }
            metric = f"macro-f1 {share:.0%}"
            values = _resampled(assigned, truth[hidden])
            for name, drawn in values.items():
                rows.setdefault(name, {})[metric] = _interval(drawn)
            gains[metric] = _interval(values[OURS] - values[PLAIN])
        for name, figures in rows.items():
            if not only or name in only:
                result.add(name, figures)
        result.differences[f"{OURS} - {PLAIN}"] = gains
        result.notes.append("The percentage is the share of films with known genres.")
    assert result.report
    yield result.report


def _cut(truth: Flags, share: float) -> tuple[IntArray, IntArray]:
    """Rows with known genres and rows without."""
    order = np.random.default_rng(SEED).permutation(len(truth))
    count = round(share * len(truth))
    return np.sort(order[:count]), np.sort(order[count:])


def _propagation(
    reach: Mapping[tuple[int, float], Matrix], truth: Flags, known: IntArray
) -> tuple[tuple[int, float], Matrix]:
    """The setting that infers the known labels best, each from the others, and the
    scores of all films with it."""
    labels = np.zeros_like(truth)
    labels[known] = truth[known]
    shares = truth[known].mean(0)

    def value(setting: tuple[int, float]) -> float:
        others = label_propagation.propagate(reach[setting], labels, without_own=True)
        return label_propagation.macro_f1(
            label_propagation.assign(others[known], shares), truth[known]
        )

    chosen = max(reach, key=value)
    return chosen, label_propagation.propagate(reach[chosen], labels)


def _resampled(assigned: Mapping[str, Flags], truth: Flags) -> dict[str, Matrix]:
    """(1 + RESAMPLES,) macro-F1 by name: of all films, then of resampled films."""
    random = np.random.default_rng(SEED)
    weights = [np.ones(len(truth))]
    for _ in range(RESAMPLES):
        drawn = random.integers(len(truth), size=len(truth))
        weights.append(np.bincount(drawn, minlength=len(truth)).astype(np.float64))
    return {
        name: np.array([label_propagation.macro_f1(found, truth, w) for w in weights])
        for name, found in assigned.items()
    }


def _interval(values: Matrix) -> Interval:
    low, high = np.percentile(values[1:], (2.5, 97.5))
    return Interval(float(values[0]), float(low), float(high))
