"""Training as a whole: snapshot, evaluate, gate, train, save, activate.

One training at a time, by an advisory lock that a killed process gives up by itself; a
run appears in the artifact folder whole or not at all.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from recommender.dataset import snapshot
from recommender.ml.data import splits
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.data.text_encoder import TextModelError
from recommender.ml.evaluation import evaluate, per_user
from recommender.ml.models import registry
from recommender.ml.store.artifact import ArtifactError
from recommender.models import Experiment, ModelRun
from recommender.registry import activation
from recommender.training import resume
from recommender.training.progress import WHOLE, Progress, Recorder, silent

BASELINES = ("popularity", "co_watch")
LOCK = 0x666C6F77  # any number that nothing else in this database locks
ARTIFACTS_KEPT = 5


class TrainingError(Exception):
    """Training cannot start or go on; the message says why and what to do."""


def train(
    *,
    model: str | None = None,
    config: Mapping[str, Any] | None = None,
    activate: bool = True,
    again: bool = False,
    progress: Progress = silent,
) -> ModelRun:
    """Train `model`, the setting's unless named, judge it on a temporal split, and
    activate what beats popularity.

    A daily model learns from the snapshot of the day, once: what was computed today
    is returned as it is, unless asked `again`. A training that was killed goes on from
    its last checkpoint, with the data that it had, unless asked `again`. Returns the
    run, trained or refused. Raises `TrainingError` or `ConfigError`; the run is then
    marked failed and no artifact is left.
    """
    model = model or settings.MODEL
    if model not in registry.MODELS:
        known = ", ".join(sorted(registry.MODELS))
        raise TrainingError(f"There is no model {model}; there are {known}.")
    daily = registry.MODELS[model].daily
    settled = {**settings.MODEL_CONFIGS.get(model, {}), **(config or {})}
    with _alone():
        run = None
        if daily and not again:
            run = _computed_today(model, settled)
        if run is None:
            run = _begun(model, settled, again=again)
            with _failing(run):
                take = snapshot.of_today if daily and not again else snapshot.take
                _train(run, settled, take, progress)
    if activate and run.state == ModelRun.State.TRAINED and not is_active(run):
        activation.activate(run=run, reason="Trained, and better than popularity")
    return run


def is_due() -> bool:
    """Whether no run was finished in the last half of the training interval; what is
    computed every day anyhow does not count."""
    since = timezone.now() - settings.RETRAIN_EVERY / 2
    done = (ModelRun.State.TRAINED, ModelRun.State.REFUSED)
    runs = ModelRun.objects.filter(state__in=done, finished_at__gt=since)
    return not runs.exclude(model__in=daily_models()).exists()


def daily_models() -> list[str]:
    """Names of the models that are computed once a day."""
    return [name for name, entry in registry.MODELS.items() if entry.daily]


def is_running() -> bool:
    """Whether a process trains right now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND "
            "database = (SELECT oid FROM pg_database WHERE datname = "
            "current_database()) AND classid = 0 AND objid = %s AND granted)",
            [LOCK],
        )
        return bool(cursor.fetchone()[0])


def serves(model: str) -> bool:
    """Whether the active run is one of `model`."""
    active = activation.active_run()
    return active is not None and active.model == model


def is_active(run: ModelRun) -> bool:
    """Whether `run` is what serves."""
    return activation.active_run() == run


def _begun(model: str, config: Mapping[str, Any], *, again: bool) -> ModelRun:
    """The run to train: one that was killed, or a new one."""
    run = None if again else resume.resumable(model, config)
    if run is None:
        return ModelRun.objects.create(
            run_id=_new_run_id(model), model=model, config=dict(config)
        )
    run.state, run.note = ModelRun.State.TRAINING, "Went on after an interruption."
    run.finished_at = None
    run.save()
    return run


def _computed_today(model: str, config: Mapping[str, Any]) -> ModelRun | None:
    """Today's finished run of `model` with these settings, if its artifact is there."""
    done = (ModelRun.State.TRAINED, ModelRun.State.REFUSED)
    runs = ModelRun.objects.filter(
        model=model, state__in=done, created_at__date=timezone.localdate()
    )
    for run in runs:
        same = all(run.config.get(name) == value for name, value in config.items())
        if same and (settings.ARTIFACTS_DIR / run.run_id).is_dir():
            return run
    return None


def _train(
    run: ModelRun,
    config: Mapping[str, Any],
    take: Callable[[], GraphSnapshot],
    progress: Progress,
) -> None:
    record = Recorder(run, progress)
    record("Snapshot", None)
    graph = resume.snapshot_of(run, take)
    run.data_hash = graph.content_hash()
    with resume.kept(run):
        judged = evaluation(
            [run.model, *BASELINES], graph, configs={run.model: config}, progress=record
        )
        report = judged.report
        record(WHOLE, None)
        # What the evaluation's fit searched for, as the number of epochs, is not
        # searched for again.
        settled = {**config, **report["found"][run.model]}
        fitted = registry.fit(
            run.model, graph, settled, lambda step: record(WHOLE, step)
        )
        manifest = registry.save(
            fitted,
            settings.ARTIFACTS_DIR / run.run_id,
            metrics=report,
            files=per_user.writer(judged.values[run.model]),
        )
    run.config, run.metrics = dict(manifest.config), report
    run.state = ModelRun.State.TRAINED
    if not evaluate.beats_popularity(report, run.model):
        run.state, run.note = ModelRun.State.REFUSED, refusal(report, run.model)
    run.finished_at = timezone.now()
    run.save()


def evaluation(
    names: list[str],
    graph: GraphSnapshot,
    *,
    configs: Mapping[str, Mapping[str, Any]] | None = None,
    progress: Progress = silent,
) -> evaluate.Evaluation:
    """The named models on a temporal split of `graph`; raises `TrainingError`."""
    try:
        split = splits.global_time_split(graph)
    except ValueError as error:
        raise TrainingError(
            f"There is too little to learn from yet: {error}. Feeds rank by popularity "
            "until people have watched more."
        ) from error
    progress("Evaluate", None)
    return evaluate.evaluate(
        list(dict.fromkeys(names)),
        split,
        configs={**settings.MODEL_CONFIGS, **(configs or {})},
        progress=lambda step: progress("Evaluate", step),
    )


def evaluation_of_runs(
    run_ids: Sequence[str], graph: GraphSnapshot, *, progress: Progress = silent
) -> evaluate.Evaluation:
    """Runs as they were trained, on what people watched since the newest of their
    snapshots, beside baselines fitted on what was known by then.

    All are asked the same of the same people, so that they compare. Raises
    `TrainingError`.
    """
    progress(f"Evaluate {', '.join(run_ids)}", None)
    try:
        runs = {key: registry.load(settings.ARTIFACTS_DIR / key) for key in run_ids}
        taken_at = max(run.manifest.snapshot_taken_at for run in runs.values())
        later = splits.holdout(graph, cut=taken_at)
        if not len(later.users):
            since = datetime.fromtimestamp(taken_at, UTC)
            raise TrainingError(
                f"Nobody that run {' or '.join(run_ids)} knew has watched anything "
                f"since its snapshot of {since:%Y-%m-%d %H:%M}."
            )
        # Videos have come and gone since; the weights are those of the run.
        fitted = {key: run.renewed(later.history) for key, run in runs.items()}
    except ArtifactError as error:
        raise TrainingError(str(error)) from error
    for name in BASELINES:
        fitted[name] = registry.fit(name, later.history)
    return evaluate.evaluate_fitted(fitted, later)


def rebuild(*, progress: Progress = silent) -> ModelRun:
    """Embed and index today's data with the active run's weights, then swap.

    The result is a run of its own beside the old one, so that the swap is atomic and a
    rollback possible. Raises `TrainingError`.
    """
    with _alone():
        old = activation.active_run()
        if old is None:
            raise TrainingError("No run is active. Run train_model first.")
        run = ModelRun.objects.create(
            run_id=_new_run_id(old.model),
            model=old.model,
            config=old.config,
            metrics=old.metrics,
            curves=old.curves,
            note=f"Rebuilt from {old.run_id} without training.",
        )
        with _failing(run):
            progress("Snapshot", None)
            graph = snapshot.take()
            run.data_hash = graph.content_hash()
            progress("Embed and index", None)
            folder = settings.ARTIFACTS_DIR
            registry.rebuild(folder / old.run_id, folder / run.run_id, graph)
            run.state, run.finished_at = ModelRun.State.TRAINED, timezone.now()
            run.save()
    activation.activate(run=run, reason=f"Rebuilt from {old.run_id}")
    return run


def prune() -> int:
    """Delete artifacts of all but the newest runs, the active one and the one before,
    and those of experiments; returns how many. The rows stay. Snapshots of earlier days
    go too."""
    keep = set(
        ModelRun.objects.filter(state=ModelRun.State.TRAINED).values_list(
            "run_id", flat=True
        )[:ARTIFACTS_KEPT]
    )
    for run in (activation.active_run(), activation.rollback_target()):
        if run is not None:
            keep.add(run.run_id)
    for experiment in Experiment.objects.exclude(state=Experiment.State.STOPPED):
        keep |= {experiment.control.run_id, experiment.treatment.run_id}
    known = set(ModelRun.objects.values_list("run_id", flat=True))
    removed = 0
    with _alone():
        for run_id in known - keep:
            folder = settings.ARTIFACTS_DIR / run_id
            if folder.is_dir():
                shutil.rmtree(folder)
                removed += 1
    snapshot.forget_earlier_days()
    return removed


def refusal(report: evaluate.Report, model: str) -> str:
    """Why a run was refused, in one sentence."""
    measured = report["models"]
    ours, theirs = (
        measured[name][evaluate.GATE]["value"] for name in (model, "popularity")
    )
    return (
        f"Its {evaluate.GATE} on the temporal split is {ours:.4f}, "
        f"popularity's {theirs:.4f}."
    )


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise TrainingError("Another training is running; wait for it to end.")
    try:
        _clear_away_interrupted()
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@contextmanager
def _failing(run: ModelRun) -> Iterator[None]:
    """Mark the run failed, with the reason, whatever ends it before its time."""
    try:
        yield
    except BaseException as error:
        shutil.rmtree(settings.ARTIFACTS_DIR / run.run_id, ignore_errors=True)
        interrupted = isinstance(error, KeyboardInterrupt | SystemExit)
        if not interrupted:
            resume.forget(run)
        run.state = ModelRun.State.FAILED
        run.note = "Interrupted." if interrupted else str(error) or repr(error)
        run.finished_at = timezone.now()
        run.save()
        if isinstance(error, ArtifactError | TextModelError):
            raise TrainingError(str(error)) from error
        raise


def _clear_away_interrupted() -> None:
    """Holding the lock, whatever still looks unfinished was killed."""
    ModelRun.objects.filter(state=ModelRun.State.TRAINING).update(
        state=ModelRun.State.FAILED, note="Interrupted.", finished_at=timezone.now()
    )
    resume.forget_stale()
    for part in settings.ARTIFACTS_DIR.glob(".*"):
        shutil.rmtree(part, ignore_errors=True)


def _new_run_id(model: str) -> str:
    return f"{timezone.now():%Y%m%d-%H%M%S}-{model}-{secrets.token_hex(2)}"
