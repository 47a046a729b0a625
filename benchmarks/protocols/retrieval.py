"""What a blend loses by retrieval: lists by all scores, and by retrieved videos.

The data are those of `untuned`. The dense blend scales scores by person and uses the
whole graph of GF-CF; the other does as with many videos.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import datasets
from benchmarks.protocols import untuned
from benchmarks.protocols.running import Result, timed
from benchmarks.reports import Report
from recommender.ml.data.history import histories
from recommender.ml.data.snapshot import IntArray, positions
from recommender.ml.data.splits import Holdout
from recommender.ml.evaluation import evaluate
from recommender.ml.evaluation.interval import bootstrap, paired_difference
from recommender.ml.models import registry
from recommender.ml.models.base import Model
from recommender.ml.models.blend import Blend, Config, serve

SEED = 0
LENGTH = 20
WEIGHTS = {"als": 1.0, "gf_cf": 0.6, "popularity": 0.05}
NEIGHBOURS = 300


def run(folder: Path, only: Sequence[str] | None = None) -> Iterator[Report]:
    """A report for each data set; ``only`` names data sets."""
    for dataset in [name for name in ("ml100k", "ml1m") if name in (only or (name,))]:
        holdout = untuned.fifth(getattr(datasets, dataset)(folder))
        with timed("retrieval", dataset) as result:
            _compare(holdout, result)
        assert result.report
        yield result.report


def _compare(holdout: Holdout, result: Result) -> None:
    def fitted(name: str, changes: Mapping[str, Any] | None = None) -> Model:
        settings = {**untuned.BY_HAND[name], **(changes or {})}
        return registry.fit(name, holdout.history, settings)

    members = {name: fitted(name) for name in WEIGHTS}
    lists = {"gf_cf": fitted("gf_cf", {"neighbours": NEIGHBOURS})}

    def blend(by_person: bool, changed: Mapping[str, Model]) -> Blend:
        config = Config(by_person=by_person)
        both = {**members, **changed}
        return Blend.from_members(both, WEIGHTS, holdout.history, config)

    ranked = {
        "dense": evaluate.rank_items(blend(True, {}), holdout, LENGTH),
        "dense, one scale": evaluate.rank_items(blend(False, {}), holdout, LENGTH),
        "retrieved": _retrieved(blend(False, lists), holdout),
    }
    values = {
        name: evaluate.user_metrics(each, holdout) for name, each in ranked.items()
    }
    for name, each in values.items():
        result.add(name, {m: bootstrap(each[m], seed=SEED) for m in untuned.METRICS})
    for name in ("dense", "dense, one scale"):
        result.differences[f"retrieved - {name}"] = {
            metric: paired_difference(
                values["retrieved"][metric], values[name][metric], seed=SEED
            )
            for metric in untuned.METRICS
        }


def _retrieved(model: Blend, holdout: Holdout) -> IntArray:
    """Lists as of a catalogue above the limit of `serve.DENSE_ITEMS`."""
    limit, serve.DENSE_ITEMS = serve.DENSE_ITEMS, 0
    try:
        rows = [
            model.recommend(state, k=LENGTH).ids
            for state in histories(holdout.history, holdout.users)
        ]
    finally:
        serve.DENSE_ITEMS = limit
    return positions(model.item_ids, np.concatenate(rows)).reshape(len(rows), LENGTH)
