"""Evaluation of models on a temporal split, and of runs on later watches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from recommender.ml.data import splits
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.data.splits import Cut
from recommender.ml.evaluation import evaluate
from recommender.ml.models import registry
from recommender.ml.store.artifact import ArtifactError
from recommender.models import ModelRun
from recommender.training.errors import TrainingError
from recommender.training.progress import Progress, silent

BASELINES = ("popularity", "als")  # a run has to beat them
# What is held out to evaluate by.
CUTS = {
    Cut.TIME: "the newest watches",
    Cut.LAST: "each person's last watches, as there is no common clock",
    Cut.RANDOM: "random watches of each person, as there are no times",
}


def evaluate_models(
    names: Sequence[str],
    graph: GraphSnapshot,
    *,
    configs: Mapping[str, Mapping[str, Any]] | None = None,
    shares: evaluate.Shares = evaluate.ALL,
    progress: Progress = silent,
) -> evaluate.Evaluation:
    """The named models and the baselines on the `splits.evaluation_split` of `graph`.

    `shares` divides limited time. Raises `TrainingError`.
    """
    try:
        split = splits.evaluation_split(graph)
    except ValueError as error:
        raise TrainingError(
            f"There is too little to learn from yet: {error}. Feeds rank by popularity "
            "until people have watched more."
        ) from error
    progress(f"Evaluate ({CUTS[split.cut]})", None)
    return evaluate.evaluate(
        list(dict.fromkeys(names)),
        split,
        configs={**settings.MODEL_CONFIGS, **(configs or {})},
        baselines=BASELINES,
        shares=shares,
        progress=lambda step: progress("Evaluate", step),
    )


def evaluate_runs(
    run_ids: Sequence[str], graph: GraphSnapshot, *, progress: Progress = silent
) -> evaluate.Evaluation:
    """Runs as they were trained, on what people watched after the newest snapshot of
    the runs, beside baselines fitted on the data before it.

    All runs rank for the same people, so that they compare. Raises `TrainingError`.
    """
    progress(f"Evaluate {', '.join(run_ids)}", None)
    try:
        runs = {key: registry.load(ModelRun.folder_of(key)) for key in run_ids}
        taken_at = max(run.manifest.snapshot_taken_at for run in runs.values())
        later = splits.holdout(graph, cut=taken_at)
        if not len(later.users):
            since = datetime.fromtimestamp(taken_at, UTC)
            raise TrainingError(
                f"No user of run {' or '.join(run_ids)} has watched anything since its "
                f"snapshot of {since:%Y-%m-%d %H:%M}."
            )
        # Videos were added and removed since; the weights are those of the run.
        models = {key: run.renewed(later.history) for key, run in runs.items()}
    except ArtifactError as error:
        raise TrainingError(str(error)) from error
    for name in BASELINES:
        models[name] = registry.fit(name, later.history)
    return evaluate.evaluate_fitted(models, later)


def refusal(report: evaluate.Report, model: str) -> str:
    """Why the run is refused, in one sentence; empty if it passes.

    It has to be above popularity, and not below another baseline by a difference that
    the people show.
    """
    measured = report["models"]
    others = [name for name in BASELINES if name not in ("popularity", model)]
    better = [name for name in others if evaluate.worse_than(report, model, name)]
    if not evaluate.beats_popularity(report, model):
        better.insert(0, "popularity")
    if not better:
        return ""
    ours = measured[model][evaluate.GATE]["value"]
    theirs = " and ".join(
        f"{name}'s {measured[name][evaluate.GATE]['value']:.4f}" for name in better
    )
    return f"Its {evaluate.GATE} on later watches is {ours:.4f}, {theirs}."
