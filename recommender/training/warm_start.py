"""Nightly trainings: they start from the active run.

They take over its weights and the settings that it searched for. The active run has
learned from all watches up to its snapshot. What people watched since is divided in
time: the first half teaches, the second half judges. There the run that learned on is
compared with the active run as it was. Only where it is not worse, the training goes on
from it; otherwise it starts cold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from django.conf import settings

from recommender.ml.data import splits
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.data.splits import Cut, Holdout
from recommender.ml.evaluation import evaluate
from recommender.ml.models import registry
from recommender.ml.models.base import Model
from recommender.ml.store.artifact import ArtifactError
from recommender.ml.train.budget import current, within
from recommender.models import ModelRun
from recommender.registry.activation import MODELS, active_run
from recommender.training.evaluation import BASELINES
from recommender.training.plan import Plan
from recommender.training.progress import Progress

PEOPLE = 200  # at least, to judge by
KNOWN = 0.5  # of the videos, at least
NIGHTS = 6  # warm starts in a row; then one cold training


@dataclass(frozen=True, eq=False)
class WarmStart:
    """An active ``run``, its ``model``, and the ``part`` to judge it by."""

    run: ModelRun
    model: Model
    part: Holdout

    @property
    def night(self) -> int:
        """Which warm start in a row this is, from 1."""
        return _nights(self.run) + 1

    @property
    def weights(self) -> dict[str, Any]:
        """What `warm.kept` starts with."""
        models = {self.model.name: self.model, **self.model.members}
        learned = {name: each.learned for name, each in models.items()}
        return {name: each for name, each in learned.items() if each is not None}

    @property
    def config(self) -> Mapping[str, Any]:
        """The settings of the run, with those that its training found."""
        config: Mapping[str, Any] = self.run.config
        return config

    def judged(self, made: Plan, progress: Progress) -> evaluate.Evaluation:
        """The model that learned on, beside the active run and the baselines."""
        name = self.run.model
        with within(current().share(made.fit)):
            fitted = registry.fit(
                name,
                self.part.history,
                self.config,
                lambda step: progress("Evaluate", step),
            )
        before = self.model.renewed(self.part.history)
        with within(current().share(made.judge)):
            return evaluate.compare(
                {name: fitted, self.run.run_id: before},
                self.part,
                name,
                baselines=BASELINES,
                configs=settings.MODEL_CONFIGS,
            )


def find(
    model: str, config: Mapping[str, Any], graph: GraphSnapshot
) -> tuple[WarmStart | None, str]:
    """The warm start of a training of ``model`` with ``config``, or why there is none
    where one might be expected."""
    run = active_run(MODELS)
    if run is None or run.model != model or not registry.MODELS[model].checkpoints:
        return None, ""
    reason = _unsuitable(run, config)
    if reason:
        return None, f"Starts cold: {reason}."
    try:
        loaded = registry.load(run.folder)
    except ArtifactError as error:
        return None, f"Starts cold: {error}."
    part = _later(graph, loaded.manifest.snapshot_taken_at)
    if np.isin(graph.item_ids, loaded.item_ids).mean() < KNOWN:
        return None, f"Starts cold: most videos are newer than run {run}."
    if part is None or len(part.users) < PEOPLE:
        return None, f"Starts cold: fewer than {PEOPLE} people watched since {run}."
    return WarmStart(run, loaded, part), ""


def _unsuitable(run: ModelRun, config: Mapping[str, Any]) -> str:
    """Why the settings of ``run`` do not allow a warm start; empty if they do."""
    if not _has(run.config, config):
        return f"the settings changed since run {run}"
    if set(run.config) != {f.name for f in fields(registry.complete(run.model))}:
        return f"run {run} is of another version"
    if _nights(run) >= NIGHTS:
        return f"the last {NIGHTS} trainings started from earlier weights"
    return ""


def _has(found: Any, given: Any) -> bool:
    """Whether ``found`` settings are those ``given``, at least as far as they go."""
    if isinstance(found, Mapping) and isinstance(given, Mapping):
        return all(_has(found.get(name), value) for name, value in given.items())
    return bool(found == given)


def _nights(run: ModelRun) -> int:
    return int(run.metrics.get("warm", {}).get("night", 0))


def _later(graph: GraphSnapshot, taken_at: float) -> Holdout | None:
    """The newer half of the watches since ``taken_at``; None without a common clock."""
    times = graph.positive_watches.time
    times = times[times >= taken_at]
    if len(times) < PEOPLE or splits.usable_cut(graph) != Cut.TIME:
        return None
    return splits.holdout(graph, cut=float(np.median(times)))
