"""The training of a model: snapshot, evaluate, gate, train, save, activate.

A run appears in the artifact folder whole or not at all.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone

from recommender.dataset import snapshot
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.data.text_encoder import TextModelError
from recommender.ml.evaluation import evaluate, per_user
from recommender.ml.models import registry
from recommender.ml.store.artifact import ArtifactError
from recommender.ml.train import threads, warm
from recommender.ml.train.budget import OutOfTimeError, current, within
from recommender.models import ModelRun
from recommender.registry import activation
from recommender.registry.activation import MODELS, active_run
from recommender.training import plan, resume, warm_start
from recommender.training.errors import TrainingError, marked_failed_on_error
from recommender.training.evaluation import evaluate_models, refusal
from recommender.training.lock import training_lock
from recommender.training.progress import WHOLE, Progress, Recorder, silent
from recommender.training.warm_start import WarmStart


class _WorseError(Exception):
    """A run that started from earlier weights is worse than before; says which."""


def train(
    *,
    model: str | None = None,
    config: Mapping[str, Any] | None = None,
    activate: bool = True,
    again: bool = False,
    progress: Progress = silent,
) -> ModelRun:
    """Train `model` (default: `settings.MODEL`), evaluate it on a temporal split, and
    activate it if it passes the gate. It is planned for `settings.TRAIN_MINUTES`.

    It starts from the weights of the active run if that is no worse (see `warm_start`).
    A daily model is computed once a day from the daily snapshot; a run of today is
    returned unchanged. An interrupted training resumes from its last checkpoint and its
    snapshot. With `again`, nothing earlier is used. Returns the run, trained or
    refused. Raises `TrainingError` or `ConfigError`; the run is then marked failed,
    without artifact.
    """
    model = model or settings.MODEL
    if model not in registry.MODELS:
        known = ", ".join(sorted(registry.MODELS))
        raise TrainingError(f"There is no model {model}; there are {known}.")
    daily = registry.MODELS[model].daily and not again
    chosen = {**settings.MODEL_CONFIGS.get(model, {}), **(config or {})}
    with training_lock():
        run = _computed_today(model, chosen) if daily else None
        if run is None:
            run = None if again else _resumed(model, chosen)
            run = run or _new_run(model=model, config=chosen)
            take = snapshot.take_once_a_day if daily else snapshot.take
            limits = plan.whole()
            with (
                marked_failed_on_error(run),
                within(limits),
                threads.limited(limits.cores),
            ):
                _train(run, chosen, take, progress, cold=again)
    if activate and run.state == ModelRun.State.TRAINED and active_run(MODELS) != run:
        reason = "Trained, and better than its baselines"
        activation.activate(MODELS, run=run, reason=reason)
    return run


def is_due() -> bool:
    """Whether no run was finished in the last half of the training interval.

    Daily models do not count.
    """
    since = timezone.now() - settings.RETRAIN_EVERY / 2
    runs = ModelRun.objects.filter(state__in=ModelRun.FINISHED, finished_at__gt=since)
    return not runs.exclude(model__in=daily_models()).exists()


def daily_models() -> list[str]:
    """Names of the models that are computed once a day."""
    return [name for name, entry in registry.MODELS.items() if entry.daily]


def serves(model: str) -> bool:
    """Whether the active run is one of `model`."""
    active = active_run(MODELS)
    return active is not None and active.model == model


def rebuild(*, progress: Progress = silent) -> ModelRun:
    """Embed and index today's data with the weights of the active run, then activate.

    The result is a new run, so that a rollback is possible. Raises `TrainingError`.
    """
    with training_lock():
        old = active_run(MODELS)
        if old is None:
            raise TrainingError("No run is active. Run train_model first.")
        run = _new_run(
            model=old.model,
            config=old.config,
            metrics=old.metrics,
            curves=old.curves,
            note=f"Rebuilt from {old.run_id} without training.",
        )
        with marked_failed_on_error(run):
            progress("Snapshot", None)
            try:
                graph = snapshot.take()
                run.data_hash = graph.content_hash()
                progress("Embed and index", None)
                registry.rebuild(old.folder, run.folder, graph)
            except (ArtifactError, TextModelError) as error:
                raise TrainingError(str(error)) from error
            run.state, run.finished_at = ModelRun.State.TRAINED, timezone.now()
            run.save()
    activation.activate(MODELS, run=run, reason=f"Rebuilt from {old.run_id}")
    return run


def _computed_today(model: str, config: Mapping[str, Any]) -> ModelRun | None:
    """Today's finished run of `model` with this config, if its artifact exists."""
    runs = ModelRun.objects.filter(
        model=model,
        state__in=ModelRun.FINISHED,
        created_at__date=timezone.localdate(),
    )
    for run in runs:
        same = all(run.config.get(name) == value for name, value in config.items())
        if same and run.folder.is_dir():
            return run
    return None


def _resumed(model: str, config: Mapping[str, Any]) -> ModelRun | None:
    """The interrupted run to continue, marked as training again."""
    run = resume.resumable(model, config)
    if run is not None:
        run.state, run.note = ModelRun.State.TRAINING, "Resumed after an interruption."
        run.finished_at = None
        run.save()
    return run


def _new_run(*, model: str, config: Mapping[str, Any], **values: Any) -> ModelRun:
    run_id = f"{timezone.now():%Y%m%d-%H%M%S}-{model}-{secrets.token_hex(2)}"
    return ModelRun.objects.create(
        run_id=run_id, model=model, config=dict(config), **values
    )


def _train(
    run: ModelRun,
    config: Mapping[str, Any],
    take: Callable[[], GraphSnapshot],
    progress: Progress,
    *,
    cold: bool,
) -> None:
    record = Recorder(run, progress)
    with resume.checkpoints_of(run):
        try:
            report = _fitted(run, config, take, record, cold=cold)
        except OutOfTimeError as error:
            raise TrainingError(
                f"TRAIN_MINUTES={settings.TRAIN_MINUTES} is too short: {error}."
            ) from error
        except (ArtifactError, TextModelError) as error:
            raise TrainingError(str(error)) from error
    run.metrics, run.state = report, ModelRun.State.TRAINED
    run.note = refusal(report, run.model)
    if run.note:
        run.state = ModelRun.State.REFUSED
    else:
        run.note = report["warm"].get("cold", "")
    run.finished_at = timezone.now()
    run.save()


def _fitted(
    run: ModelRun,
    config: Mapping[str, Any],
    take: Callable[[], GraphSnapshot],
    record: Recorder,
    *,
    cold: bool,
) -> evaluate.Report:
    """Evaluate the model, fit it on all data and save it; returns the report."""
    record("Snapshot", None)
    graph = resume.snapshot_of(run, take)
    run.data_hash = graph.content_hash()
    start, about = None, ""
    if not cold:
        start, about = warm_start.find(run.model, config, graph)
    if start is not None:
        try:
            return _fitted_warm(run, start, graph, record)
        except (_WorseError, OutOfTimeError) as error:
            about = f"Starts cold: {error}."
    with warm.kept():
        made = plan.Plan.for_graph(graph, run.model, config, warm=about)
        record.planned(made)
        evaluated = evaluate_models(
            [run.model],
            graph,
            configs={run.model: config},
            shares=evaluate.Shares(made.fit, made.judge),
            progress=record,
        )
        # Settings that the evaluation searched for, such as the number of epochs.
        chosen = {**config, **evaluated.report["found"][run.model]}
        evaluated.report["warm"] = {"cold": about}
        return _final(run, chosen, graph, made, evaluated, record)


def _fitted_warm(
    run: ModelRun, start: WarmStart, graph: GraphSnapshot, record: Recorder
) -> evaluate.Report:
    """As `_fitted`, from the weights of an earlier run; raises `_WorseError` or
    `OutOfTimeError`."""
    about = f"Starts from run {start.run}."
    limits = current().share(plan.WARM_TIME)
    with warm.kept(start.weights), within(limits):
        made = plan.Plan.for_graph(
            graph, run.model, start.config, warm=about, share=plan.WARM_FIT
        )
        record.planned(made)
        evaluated = start.judged(made, record)
        report = evaluated.report
        if evaluate.worse_than(report, run.model, start.run.run_id):
            raise _WorseError(f"it was worse after starting from run {start.run}")
        report["warm"] = {"from": start.run.run_id, "night": start.night}
        return _final(run, start.config, graph, made, evaluated, record)


def _final(
    run: ModelRun,
    config: Mapping[str, Any],
    graph: GraphSnapshot,
    made: plan.Plan,
    evaluated: evaluate.Evaluation,
    record: Recorder,
) -> evaluate.Report:
    """Fit on all data and save; returns the report."""
    record(WHOLE, None)
    with within(current().share(made.final)):
        fitted = registry.fit(
            run.model, graph, config, lambda step: record(WHOLE, step)
        )
    record("Save and index", None)
    manifest = registry.save(
        fitted,
        run.folder,
        metrics=evaluated.report,
        files=per_user.writer(evaluated.values[run.model]),
    )
    run.config = dict(manifest.config)
    return evaluated.report
