"""Which run serves: activation and rollback of the pointer that all processes obey."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from accounts.models import User
from recommender.ml.models import registry
from recommender.ml.store.artifact import ArtifactError
from recommender.models import Activation, ModelRun
from recommender.registry import rollback as rollbacks


class ActivationRefused(Exception):
    """The run may not or cannot serve; the message says why and what to do."""


def active_run() -> ModelRun | None:
    """The run that serves, None before the first activation."""
    newest = Activation.objects.select_related("run").first()
    return newest.run if newest is not None else None


@transaction.atomic
def activate(
    *, run: ModelRun, reason: str, by: User | None = None, force: bool = False
) -> Activation:
    """Put `run` into service; web processes follow within a second or two.

    Raises `ActivationRefused` for a run that was refused (unless `force`), that is not
    finished, or whose artifact cannot be read.
    """
    if run.state == ModelRun.State.REFUSED and not force:
        raise ActivationRefused(
            f"{run.run_id} was refused: {run.note} It takes force to activate it."
        )
    if run.state not in (ModelRun.State.TRAINED, ModelRun.State.REFUSED):
        raise ActivationRefused(f"{run.run_id} is no finished run: {run.state}.")
    try:
        registry.load(settings.ARTIFACTS_DIR / run.run_id)
    except ArtifactError as error:
        raise ActivationRefused(f"{run.run_id} cannot serve: {error}") from error
    return Activation.objects.create(run=run, reason=reason, by=by)


@transaction.atomic
def rollback(*, by: User | None = None) -> Activation:
    """Return to the run that served before the active one.

    A second rollback goes one further back. Runs whose artifact is gone are passed
    over. Raises `ActivationRefused` when none is left.
    """
    served = _served_in_order()
    if not served:
        raise ActivationRefused("No run is active, so there is nothing to roll back.")
    *earlier, active = served
    for run in reversed(earlier):
        try:
            registry.load(settings.ARTIFACTS_DIR / run.run_id)
        except ArtifactError:
            continue
        return Activation.objects.create(
            run=run, reason=f"Rolled back from {active.run_id}", by=by, is_rollback=True
        )
    raise ActivationRefused(f"There is no usable run before {active.run_id}.")


def _served_in_order() -> list[ModelRun]:
    """The runs that rollbacks would return to, the active one last."""
    activations = Activation.objects.select_related("run").order_by("id")
    return rollbacks.served_in_order(activations)


def rollback_target() -> ModelRun | None:
    """Where a rollback would lead, artifacts permitting."""
    stack = _served_in_order()
    return stack[-2] if len(stack) > 1 else None
