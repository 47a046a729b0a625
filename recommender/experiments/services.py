"""Starting and stopping experiments."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from django.db import IntegrityError, transaction
from django.utils import timezone

from interactions.models import Watch
from recommender.experiments.analysis import watched_within
from recommender.ml.experiments import confidence_sequences
from recommender.ml.models import registry
from recommender.ml.store.artifact import ArtifactError
from recommender.models import Experiment, ModelRun
from recommender.registry import activation

ANOTHER_RUNS = "Another experiment is running; stop it first."


class ExperimentRefused(Exception):
    """The experiment cannot start or stop; the message says why and what to do."""


@transaction.atomic
def start(*, experiment: Experiment) -> Experiment:
    """Compute the number of people and start; web processes follow in a second or two.

    Raises `ExperimentRefused` if another experiment runs, if a run cannot serve, or,
    for A/B, if too few recent watches are known to compute the number of people.
    """
    if fault := obstacle(experiment):
        raise ExperimentRefused(fault)
    for run in (experiment.control, experiment.treatment):
        _require_servable(run)
    experiment.planned_people = planned_people(experiment)
    experiment.state = Experiment.State.RUNNING
    experiment.started_at = timezone.now()
    try:
        with transaction.atomic():
            experiment.save()
    except IntegrityError as error:
        raise ExperimentRefused(ANOTHER_RUNS) from error
    return experiment


def obstacle(experiment: Experiment) -> str:
    """Why `experiment` cannot start, without reading its runs; empty if it may."""
    if experiment.state != Experiment.State.DRAFT:
        return f"“{experiment}” was started before; create another."
    if Experiment.objects.filter(state=Experiment.State.RUNNING).exists():
        return ANOTHER_RUNS
    faults = map(activation.obstacle, (experiment.control, experiment.treatment))
    return next(filter(None, faults), "")


@transaction.atomic
def stop(*, experiment: Experiment) -> Experiment:
    """Stop for good: everyone gets the active run again, the results stay."""
    if experiment.state != Experiment.State.RUNNING:
        raise ExperimentRefused(f"“{experiment}” is not running.")
    experiment.state = Experiment.State.STOPPED
    experiment.stopped_at = timezone.now()
    experiment.save()
    return experiment


def planned_people(experiment: Experiment) -> int:
    """The number of people that detects `smallest_effect` with a power of 80 %.

    For A/B, from the variance of views per user in the last window. Preferences lie
    between -1 and 1, so their standard deviation is at most 1.
    """
    if experiment.kind == Experiment.Kind.INTERLEAVING:
        return confidence_sequences.people_needed(
            deviation=1, effect=experiment.smallest_effect
        )
    since = timezone.now() - timedelta(days=experiment.window_days)
    active = Watch.objects.filter(timestamp__gte=since).values_list("user", flat=True)
    sums = watched_within(
        dict.fromkeys(active.distinct(), since), experiment.window_days
    )
    views = np.array([number for number, _ in sums.values()], np.float64)
    if len(views) < confidence_sequences.MINIMUM or not views.any():
        raise ExperimentRefused(
            f"Fewer than {confidence_sequences.MINIMUM} people watched something in "
            f"the last {experiment.window_days} days: too few to plan an A/B "
            "experiment. Interleaving does not need them."
        )
    # The difference of two means has the deviation of a mean of values twice as wide.
    return confidence_sequences.people_needed(
        deviation=2 * float(views.std()),
        effect=experiment.smallest_effect * float(views.mean()),
    )


def _require_servable(run: ModelRun) -> None:
    try:
        registry.load(run.folder)
    except ArtifactError as error:
        raise ExperimentRefused(f"{run} cannot serve: {error}") from error
