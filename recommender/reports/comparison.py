"""Model runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from recommender.ml.evaluation import per_user
from recommender.ml.evaluation.interval import Interval
from recommender.ml.store.artifact import ArtifactError
from recommender.models import ModelRun
from recommender.reports import figures
from recommender.reports.figures import Section
from recommender.training import progress


@dataclass(frozen=True)
class Comparison:
    """`rows` are the table of metrics. `paired` explains why there is no comparison
    person by person; it is empty if there is one."""

    runs: Sequence[ModelRun]
    rows: Sequence[tuple[str, list[Any]]]
    sections: Sequence[Section]
    paired: str


def compare(runs: Sequence[ModelRun]) -> Comparison:
    """Runs as evaluated when they were trained, the first against each other one."""
    measured = {run.run_id: _own(run) for run in runs}
    pairs, obstacle = _pairs(runs)
    sections = [
        Section("How good", figures.metrics(measured)),
        Section("Person by person", pairs),
        Section("For whom, and for what", figures.breakdown_figures(_curves(runs))),
        Section(
            "Training",
            figures.training_figures(
                {run.run_id: progress.final_epochs(run) for run in runs}
            ),
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
    """The metrics of the run's own model."""
    metrics: dict[str, Any] = run.metrics.get("models", {}).get(run.model, {})
    return metrics


def _curves(runs: Sequence[ModelRun]) -> dict[str, Any]:
    """The breakdowns of all runs together; empty unless all have the same holdout."""
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
    holdouts = {run.metrics.get("holdout") for run in runs}
    return len(holdouts) == 1 and None not in holdouts


def _pairs(runs: Sequence[ModelRun]) -> tuple[list[figures.Figure], str]:
    """Differences between the first run and each other one, or why there are none."""
    ids = [run.run_id for run in runs]
    if not _same_holdout(runs):
        return [], (
            "These runs were evaluated on different people or different watches, so "
            "their metrics may differ for that reason alone. To compare them, run: "
            f"evaluate_model --run {' '.join(ids)} --report DIR"
        )
    try:
        values = [per_user.read(run.folder) for run in runs]
    except ArtifactError as error:
        return [], f"The scores for each person are no longer available: {error}."
    differences: dict[str, dict[str, Interval]] = {
        key: per_user.differences(values[0], theirs, seed=0)
        for key, theirs in zip(ids[1:], values[1:], strict=True)
    }
    return [
        figures.differences(
            metric,
            ids[0],
            {key: asdict(each[metric]) for key, each in differences.items()},
        )
        for metric in figures.PAIRED
    ], ""
