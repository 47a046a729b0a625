"""Deletion of artifacts that no rollback, experiment or comparison needs."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from typing import Any

from recommender.dataset import snapshot
from recommender.models import Experiment, Run
from recommender.ranking.ranker import RANKERS
from recommender.registry.activation import (
    MODELS,
    Kind,
    active_run,
    rollback_target,
)
from recommender.training.lock import training_lock

NEWEST = 5  # trained runs whose artifacts stay


def prune_models() -> int:
    """Delete artifacts of models, except those in experiments that may still run, and
    snapshots of earlier days. Returns how many artifacts; raises `TrainingError`."""
    in_experiments = {
        run.run_id
        for experiment in Experiment.objects.exclude(state=Experiment.State.STOPPED)
        for run in (experiment.control, experiment.treatment)
    }
    with training_lock():
        removed = _prune(MODELS, in_experiments)
    snapshot.delete_earlier_days()
    return removed


def prune_rankers() -> int:
    """Delete artifacts of rankers; returns how many."""
    return _prune(RANKERS)


def _prune(kind: Kind[Any, Any], needed: Collection[str] = ()) -> int:
    """Delete all but the `NEWEST` artifacts, the active one, that of the run that a
    rollback leads to, and those `needed`. The rows stay."""
    trained = kind.runs.objects.filter(state=Run.State.TRAINED)
    keep = {*needed, *trained.values_list("run_id", flat=True)[:NEWEST]}
    target = rollback_target(kind)
    for run in (active_run(kind), target.run if target else None):
        if run is not None:
            keep.add(run.run_id)
    removed = 0
    for run_id in kind.runs.objects.values_list("run_id", flat=True):
        folder = kind.runs.folder_of(run_id)
        if run_id not in keep and folder.is_dir():
            shutil.rmtree(folder)
            removed += 1
    return removed
