"""Training one network in several processes, as `torchrun` starts them.

The leader, the process of rank 0, reads data, fits models and writes results. The
others follow it inside `process_group`: they take part in every ``fit`` that is marked
by `distributed_fit`. Each process computes the loss of its share of a batch, and the
sum of their gradients is that of the whole batch: several processes learn what one
process would.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Protocol, TypeVar

import torch
import torch.distributed.nn  # before a group exists: its defaults would keep that group
from torch import distributed
from torch.nn import Parameter

from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.models import registry
from recommender.ml.models.base import Progress, no_progress
from recommender.ml.train import budget, warm

logger = logging.getLogger(__name__)
C = TypeVar("C", contravariant=True)
M = TypeVar("M", covariant=True)
V = TypeVar("V")
TIMEOUT = timedelta(days=7)  # followers wait while the leader does other things


class Fit(Protocol[C, M]):
    """The ``fit`` of a model; see `registry`."""

    def __call__(
        self, snapshot: GraphSnapshot, config: C, progress: Progress = no_progress
    ) -> M: ...


@dataclass(frozen=True)
class Group:
    """Process ``rank`` of ``size`` that train together."""

    rank: int = 0
    size: int = 1

    @classmethod
    def current(cls) -> Group:
        """The group of `torchrun`, joined at the first call; else one process."""
        if not distributed.is_available() or not distributed.is_torchelastic_launched():
            return cls()
        if not distributed.is_initialized():
            distributed.init_process_group("gloo", timeout=TIMEOUT)
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def is_leader(self) -> bool:
        """Whether this process reads and writes."""
        return self.rank == 0

    def device(self) -> torch.device:
        """A GPU for each process where there are GPUs, else the CPU."""
        count = torch.cuda.device_count()
        return torch.device("cuda", self.rank % count) if count else torch.device("cpu")

    def sum_gradients(self, parameters: Iterable[Parameter]) -> None:
        """Replace the gradients by their sum over all processes."""
        if self.size == 1:
            return
        for parameter in parameters:
            if parameter.grad is None:  # this process has no row of the batch
                parameter.grad = torch.zeros_like(parameter)
            gradient = parameter.grad.cpu()
            distributed.all_reduce(gradient)
            parameter.grad.copy_(gradient)

    def sum(self, value: float) -> float:
        """The sum of each process's ``value``."""
        if self.size == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64)
        distributed.all_reduce(total)
        return float(total)

    def broadcast(self, value: V) -> V:
        """The leader's ``value``, in every process."""
        if self.size == 1:
            return value
        box = [value]
        distributed.broadcast_object_list(box, src=0)
        return box[0]


def distributed_fit(name: str) -> Callable[[Fit[C, M]], Fit[C, M]]:
    """Mark the ``fit`` of model ``name``: the followers take part in it when the leader
    calls it. The leader alone reports progress."""

    def decorate(fit: Fit[C, M]) -> Fit[C, M]:
        @wraps(fit)
        def call(
            snapshot: GraphSnapshot, config: C, progress: Progress = no_progress
        ) -> M:
            group = Group.current()
            if group.size == 1 or not group.is_leader:
                return fit(snapshot, config, progress)
            given = budget.current(), warm.scope_of(name)
            group.broadcast((name, snapshot, config, given))
            try:
                return fit(snapshot, config, progress)
            except ValueError:  # every process raises it
                raise
            except BaseException:
                distributed.destroy_process_group()  # the others wait for a sum
                raise

        return call

    return decorate


@contextmanager
def process_group() -> Iterator[bool]:
    """Yield whether this process leads; a follower yields once the leader has left.

    `torchrun` runs the same program several times. What only one process may do, such
    as writing, belongs inside, under that condition.
    """
    group = Group.current()
    if not group.is_leader:
        _follow(group)
    try:
        yield group.is_leader
    finally:
        if group.size > 1 and distributed.is_initialized():
            if group.is_leader:
                group.broadcast(None)
            distributed.destroy_process_group()


def _follow(group: Group) -> None:
    while (task := group.broadcast(None)) is not None:
        name, snapshot, config, (limits, scope) = task
        # Without a scope of the leader, none here: all start from the same weights.
        kept = nullcontext() if scope is None else warm.kept(scope)
        try:
            with budget.within(limits), kept:
                registry.entry(name).train.fit.__wrapped__(snapshot, config)
        except ValueError as error:
            # The leader raises the same error and handles it.
            logger.warning("%s in process %d: %s", name, group.rank, error)
