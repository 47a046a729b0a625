"""Which ranker serves: activation, rollback, withdrawal. All processes obey."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from accounts.models import User
from recommender.ml.store.artifact import ArtifactError
from recommender.models import RankerActivation, RankerRun
from recommender.ranking import ranker
from recommender.registry import rollback as rollbacks
from recommender.registry.activation import ActivationRefused


def active_run() -> RankerRun | None:
    """The run that ranks, None while ranks are fused."""
    newest = RankerActivation.objects.select_related("run").first()
    return newest.run if newest is not None else None


@transaction.atomic
def activate(
    *, run: RankerRun, reason: str, by: User | None = None, force: bool = False
) -> RankerActivation:
    """Let `run` rank; web processes follow within a second or two.

    Raises `ActivationRefused` for a run that was refused (unless `force`), that is not
    finished, or whose artifact cannot be read.
    """
    if run.state == RankerRun.State.REFUSED and not force:
        raise ActivationRefused(
            f"{run.run_id} was refused: {run.note} It takes force to activate it."
        )
    if run.state not in (RankerRun.State.TRAINED, RankerRun.State.REFUSED):
        raise ActivationRefused(f"{run.run_id} is no finished run: {run.state}.")
    try:
        ranker.load(settings.RANKERS_DIR / run.run_id)
    except ArtifactError as error:
        raise ActivationRefused(f"{run.run_id} cannot serve: {error}") from error
    return RankerActivation.objects.create(run=run, reason=reason, by=by)


def withdraw(*, reason: str, by: User | None = None) -> RankerActivation:
    """Fuse ranks again."""
    return RankerActivation.objects.create(run=None, reason=reason, by=by)


@transaction.atomic
def rollback(*, by: User | None = None) -> RankerActivation:
    """Return to what ranked before, in the end to fusion.

    Runs whose artifact is gone are passed over. Raises `ActivationRefused` where ranks
    have been fused from the beginning.
    """
    *earlier, now = _served_in_order()
    for run in reversed(earlier):
        if run is None or _is_usable(run):
            return RankerActivation.objects.create(
                run=run, reason=f"Rolled back from {name(now)}", by=by, is_rollback=True
            )
    raise ActivationRefused("No ranker was active, so there is nothing to roll back.")


def rollback_target() -> tuple[RankerRun | None] | None:
    """Where a rollback would lead, artifacts permitting: to a run, to fusion (a run of
    None), or nowhere (None)."""
    served = _served_in_order()
    return (served[-2],) if len(served) > 1 else None


def name(run: RankerRun | None) -> str:
    """What ranks, in words."""
    return run.run_id if run is not None else "reciprocal rank fusion"


def _served_in_order() -> list[RankerRun | None]:
    activations = RankerActivation.objects.select_related("run").order_by("id")
    return rollbacks.served_in_order(activations, None)


def _is_usable(run: RankerRun) -> bool:
    try:
        ranker.load(settings.RANKERS_DIR / run.run_id)
    except ArtifactError:
        return False
    return True
