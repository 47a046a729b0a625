"""Runs side by side: what was measured of each, and what may be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from recommender.ml.evaluation import per_user
from recommender.ml.evaluation.interval import Interval
from recommender.ml.store.artifact import ArtifactError
from recommender.models import ModelRun
from recommender.reports import figures
from recommender.reports.figures import Section
from recommender.training import progress


@dataclass(frozen=True)
class Comparison:
    """`rows` are the table of figures; `paired` says why, if nothing is compared person
    by person."""

    runs: Sequence[ModelRun]
    rows: Sequence[tuple[str, list[Any]]]
    sections: Sequence[Section]
    paired: str


def compare(runs: Sequence[ModelRun]) -> Comparison:
    """Runs as measured when they were trained, the first against each other one."""
    measured = {run.run_id: _own(run) for run in runs}
    pairs, obstacle = _pairs(runs)
    sections = [
        Section("How good", figures.metrics(measured)),
        Section("Person by person", pairs),
        Section("For whom, and for what", figures.of_curves(_curves(runs))),
        Section(
            "Training",
            figures.of_training({run.run_id: progress.of_whole(run) for run in runs}),
        ),
    ]
    return Comparison(
        runs=runs,
        rows=[
            (name, [each.get(metric) for metric in figures.METRICS])
            for name, each in measured.items()
        ],
        sections=[section for section in sections if section.figures],
        paired=obstacle,
    )


def _own(run: ModelRun) -> dict[str, Any]:
    """What was measured of the run's own model."""
    found: dict[str, Any] = run.metrics.get("models", {}).get(run.model, {})
    return found


def _curves(runs: Sequence[ModelRun]) -> dict[str, Any]:
    """The curves of the runs in one, where all of them were asked the same."""
    if not _same_holdout(runs):
        return {}
    curves = [(run, run.metrics.get("curves", {})) for run in runs]
    first = curves[0][1]
    return {
        key: [
            row
            | {
                "models": {
                    r.run_id: each[key][n]["models"][r.model] for r, each in curves
                }
            }
            for n, row in enumerate(first[key])
        ]
        for key in ("newcomers", "by history", "by item")
        if key in first
    }


def _same_holdout(runs: Sequence[ModelRun]) -> bool:
    asked = {run.metrics.get("holdout") for run in runs}
    return len(asked) == 1 and None not in asked


def _pairs(runs: Sequence[ModelRun]) -> tuple[list[figures.Figure], str]:
    """The first run less each other; or why there is nothing to see."""
    ids = [run.run_id for run in runs]
    if not _same_holdout(runs):
        return [], (
            "These runs were judged on different people or different watches, so their "
            "figures may differ for that reason alone. Asked the same, they compare: "
            f"evaluate_model --run {' '.join(ids)} --report DIR"
        )
    try:
        values = [per_user.read(settings.ARTIFACTS_DIR / key) for key in ids]
    except ArtifactError as error:
        return [], f"What they scored for each person is no longer kept: {error}."
    found: dict[str, dict[str, Interval]] = {
        key: per_user.differences(values[0], theirs, seed=0)
        for key, theirs in zip(ids[1:], values[1:], strict=True)
    }
    return [
        figures.differences(
            metric, ids[0], {key: asdict(each[metric]) for key, each in found.items()}
        )
        for metric in figures.PAIRED
    ], ""
