"""Starting and stopping: what is planned is fixed before anybody is shown anything."""

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


class ExperimentRefused(Exception):
    """The experiment cannot start or stop; the message says why and what to do."""


@transaction.atomic
def start(*, experiment: Experiment) -> Experiment:
    """Plan its size and let it run; web processes follow within a second or two.

    Raises `ExperimentRefused` when another runs, a run cannot serve, or, for A/B, when
    too little was watched lately to say how many people it takes.
    """
    if experiment.state != Experiment.State.DRAFT:
        raise ExperimentRefused(f"“{experiment}” was started before; make another.")
    for run in (experiment.control, experiment.treatment):
        _require_servable(run)
    experiment.planned_people = planned_people(experiment)
    experiment.state = Experiment.State.RUNNING
    experiment.started_at = timezone.now()
    try:
        with transaction.atomic():
            experiment.save()
    except IntegrityError as error:
        raise ExperimentRefused(
            "Another experiment is running; stop it first."
        ) from error
    return experiment


@transaction.atomic
def stop(*, experiment: Experiment) -> Experiment:
    """End it for good: everybody has the active run again, what was found stays."""
    if experiment.state != Experiment.State.RUNNING:
        raise ExperimentRefused(f"“{experiment}” is not running.")
    experiment.state = Experiment.State.STOPPED
    experiment.stopped_at = timezone.now()
    experiment.save()
    return experiment


def planned_people(experiment: Experiment) -> int:
    """How many people find `smallest_effect` in four experiments of five.

    A/B goes by how views differ between the people of the last window; preferences lie
    between -1 and 1, so their deviation is 1 at most.
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
            f"the last {experiment.window_days} days: that is too few to plan an A/B "
            "experiment by. Interleaving needs no plan of views."
        )
    # A difference of means varies as if each value had twice the deviation.
    return confidence_sequences.people_needed(
        deviation=2 * float(views.std()),
        effect=experiment.smallest_effect * float(views.mean()),
    )


def _require_servable(run: ModelRun) -> None:
    try:
        registry.load(run.folder)
    except ArtifactError as error:
        raise ExperimentRefused(f"{run} cannot serve: {error}") from error
