"""Several processes training one network, as `torchrun` starts them.

The process of rank 0 leads: it is the one that reads data, asks for models and writes
results. The others follow it (`crew`), and take part whenever it comes to a function
marked `led`. There each computes the loss of its share of a batch, and the sum of their
gradients is that of the whole batch: so many processes find what one would.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from importlib import import_module
from typing import Protocol, TypeVar

import torch
from torch import distributed
from torch.nn import Parameter

from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.models.base import Progress, silent

logger = logging.getLogger(__name__)
C = TypeVar("C", contravariant=True)
M = TypeVar("M", covariant=True)
V = TypeVar("V")
PATIENCE = timedelta(days=7)  # followers wait while the leader does other things


class Fit(Protocol[C, M]):
    """What trains a model; see `models`."""

    def __call__(
        self, snapshot: GraphSnapshot, config: C, progress: Progress = silent
    ) -> M: ...


@dataclass(frozen=True)
class Group:
    """Process ``rank`` of ``size`` that train together."""

    rank: int = 0
    size: int = 1

    @classmethod
    def current(cls) -> Group:
        """That of `torchrun`, joined at the first call; of one process without it."""
        if not distributed.is_available() or not distributed.is_torchelastic_launched():
            return cls()
        if not distributed.is_initialized():
            distributed.init_process_group("gloo", timeout=PATIENCE)
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def leads(self) -> bool:
        """Whether this is the process that reads and writes."""
        return self.rank == 0

    def device(self) -> torch.device:
        """A GPU of its own where there is one, the CPU otherwise."""
        count = torch.cuda.device_count()
        return torch.device("cuda", self.rank % count) if count else torch.device("cpu")

    def sum_gradients(self, parameters: Iterable[Parameter]) -> None:
        """Add up the gradients of all processes; every one has the sum."""
        if self.size == 1:
            return
        for parameter in parameters:
            if parameter.grad is None:  # one without a share, or a loss, took no part
                parameter.grad = torch.zeros_like(parameter)
            gradient = parameter.grad.cpu()
            distributed.all_reduce(gradient)
            parameter.grad.copy_(gradient)

    def total(self, value: float) -> float:
        """The sum of each process's ``value``."""
        if self.size == 1:
            return value
        found = torch.tensor(value, dtype=torch.float64)
        distributed.all_reduce(found)
        return float(found)

    def agreed(self, value: V) -> V:
        """The leader's ``value``, in every process."""
        if self.size == 1:
            return value
        box = [value]
        distributed.broadcast_object_list(box, src=0)
        return box[0]


def led(fit: Fit[C, M]) -> Fit[C, M]:
    """Mark the ``fit`` of a recipe as one that followers take part in when the leader
    calls it. Progress is told to the leader alone."""

    @wraps(fit)
    def call(snapshot: GraphSnapshot, config: C, progress: Progress = silent) -> M:
        group = Group.current()
        if group.size == 1 or not group.leads:
            return fit(snapshot, config, progress)
        group.agreed((fit.__module__, snapshot, config))
        try:
            return fit(snapshot, config, progress)
        except ValueError:  # which everyone meets
            raise
        except BaseException:
            distributed.destroy_process_group()  # or the others would wait for a sum
            raise

    return call


@contextmanager
def crew() -> Iterator[bool]:
    """Whether this process leads; to others it says so when the leader has left.

    `torchrun` runs the same program several times: what only one of them may do, such
    as to write, belongs inside, under that condition.
    """
    group = Group.current()
    if not group.leads:
        _follow(group)
    try:
        yield group.leads
    finally:
        if group.size > 1 and distributed.is_initialized():
            if group.leads:
                group.agreed(None)
            distributed.destroy_process_group()


def _follow(group: Group) -> None:
    while (task := group.agreed(None)) is not None:
        module, snapshot, config = task
        try:
            import_module(module).fit.__wrapped__(snapshot, config)
        except ValueError as error:
            # The leader meets the same fault and says what becomes of it.
            logger.warning("%s in process %d: %s", module, group.rank, error)
