"""The active run of a kind: activation and rollback. All processes follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from django.db import transaction

from accounts.models import User
from recommender.ml.models import registry
from recommender.ml.models.base import Model
from recommender.ml.store.artifact import Artifact, ArtifactError
from recommender.models import Activation, ModelRun, RankerActivation, Run
from recommender.registry.rollback import rollback_order

RunT = TypeVar("RunT", bound=Run)
Loaded = TypeVar("Loaded")
AnyActivation = Activation | RankerActivation


class ActivationRefused(Exception):
    """The run may not or cannot serve; the message says why and what to do."""


@dataclass(frozen=True)
class Kind(Generic[RunT, Loaded]):
    """Runs of models or of rankers: their tables, and how to load one.

    `load` reads an artifact folder and raises `ArtifactError`. `default` names what
    serves before the first activation; where it is empty, a rollback needs a run.
    """

    name: str
    runs: type[RunT]
    activations: type[Activation] | type[RankerActivation]
    load: Callable[[Path], Loaded]
    default: str = ""

    def describe(self, run: Run | None) -> str:
        """The id of `run`, or the name of what serves without one."""
        return run.run_id if run is not None else self.default


MODELS: Kind[ModelRun, Model] = Kind("model", ModelRun, Activation, registry.load)


def active_run(kind: Kind[RunT, Any]) -> RunT | None:
    """The run that serves; None before the first activation, and for `default`."""
    newest: Any = kind.activations.objects.select_related("run").first()
    run: RunT | None = newest.run if newest is not None else None
    return run


@transaction.atomic
def activate(
    kind: Kind[RunT, Any],
    *,
    run: RunT,
    reason: str,
    by: User | None = None,
    force: bool = False,
) -> AnyActivation:
    """Make `run` the active run; web processes follow within a second or two.

    Raises `ActivationRefused` for a run that was refused (unless `force`), that is not
    finished, or whose artifact cannot be read.
    """
    if run.state == Run.State.REFUSED and not force:
        raise ActivationRefused(
            f"{run.run_id} was refused: {run.note} It takes force to activate it."
        )
    if fault := obstacle(run):
        raise ActivationRefused(fault)
    try:
        kind.load(run.folder)
    except ArtifactError as error:
        raise ActivationRefused(f"{run.run_id} cannot serve: {error}") from error
    return _record(kind, run=run, reason=reason, by=by)


def obstacle(run: Run) -> str:
    """Why `run` cannot be activated; empty if nothing is missing.

    Looks whether the files are there. Only `activate` reads them.
    """
    if run.state not in Run.FINISHED:
        return f"{run.run_id} is no finished run: {run.state}."
    try:
        Artifact(run.folder, verify=False).require_files()
    except ArtifactError as error:
        return f"{run.run_id} cannot serve: {error}"
    return ""


def deactivate(
    kind: Kind[Any, Any], *, reason: str, by: User | None = None
) -> AnyActivation:
    """Let the `default` of the kind serve again."""
    return _record(kind, run=None, reason=reason, by=by)


@transaction.atomic
def rollback(kind: Kind[RunT, Any], *, by: User | None = None) -> AnyActivation:
    """Return to the run that served before the active one, in the end to `default`.

    A second rollback goes one run further back. Runs whose artifact cannot be read are
    skipped. Raises `ActivationRefused` when none is left.
    """
    *earlier, active = _served(kind) or [None]
    for run in reversed(earlier):
        if run is None or _is_readable(kind, run):
            reason = f"Rolled back from {kind.describe(active)}"
            return _record(kind, run=run, reason=reason, by=by, is_rollback=True)
    if active is None:
        raise ActivationRefused(
            f"No {kind.name} is active, so there is nothing to roll back."
        )
    raise ActivationRefused(f"There is no usable run before {active.run_id}.")


@dataclass(frozen=True)
class Target(Generic[RunT]):
    """Where a rollback leads: to a run, or with None to the `default` of the kind."""

    run: RunT | None


def rollback_target(kind: Kind[RunT, Any]) -> Target[RunT] | None:
    """Where a rollback would lead; None if nowhere.

    Runs with missing files are skipped, as in `rollback`, which also reads the files.
    """
    for run in reversed(_served(kind)[:-1]):
        if run is None or not obstacle(run):
            return Target(run)
    return None


def _served(kind: Kind[RunT, Any]) -> list[RunT | None]:
    """The runs that rollbacks would return to, the active one last."""
    activations: Any = kind.activations.objects.select_related("run").order_by("id")
    return rollback_order(activations, *([None] if kind.default else []))


def _is_readable(kind: Kind[RunT, Any], run: RunT) -> bool:
    try:
        kind.load(run.folder)
    except ArtifactError:
        return False
    return True


def _record(kind: Kind[RunT, Any], *, run: RunT | None, **values: Any) -> AnyActivation:
    rows: Any = kind.activations.objects
    activation: AnyActivation = rows.create(run=run, **values)
    return activation
