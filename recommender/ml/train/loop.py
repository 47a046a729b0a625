"""The training loop of every network: steps, epochs, several processes, checkpoints.

A checkpoint holds the network, the optimizer and the state of the random numbers. A
training that goes on from it takes the same steps as one that was never stopped.

Where the time is limited (see `budget`), the first steps are timed. If not all epochs
fit, each takes a random part of its batches. No step begins after the time is over.
"""

from __future__ import annotations

import ctypes
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.models.base import NOTHING_SEARCHED, Model, TrainingStep
from recommender.ml.store import checkpoints
from recommender.ml.store.checkpoints import Slot
from recommender.ml.train import budget
from recommender.ml.train.distributed import Group

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

B = TypeVar("B")
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # as malloc.h numbers them
ARRAY = 1 << 20  # bytes from which an array has memory of its own
TIMED = 5  # steps, after the first, that tell how long one takes
FOR_STEPS = 0.75  # of limited time; the rest is for validation and embedding
FOR_VALIDATION = 0.2


class Loop(Generic[B]):
    """Trains one network, alone or as one process of a group.

    ``batches`` draws an epoch's batches from ``random``. ``losses`` gets a batch and
    the number of the step, and yields the losses of this process's share; it may draw
    from ``random`` and ``noise``, torch's generator, the same in every process.
    ``rate`` is the learning rate by epoch and step, from 0; without it that of the
    optimizer holds.
    """

    def __init__(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        batches: Callable[[], Sequence[B]],
        losses: Callable[[B, int], Iterable[Tensor]],
        random: np.random.Generator,
        rate: Callable[[int, int], float] | None = None,
        noise: torch.Generator | None = None,
    ) -> None:
        self._network, self._optimizer = network, optimizer
        self.batches, self.losses, self._rate = batches, losses, rate
        self._random, self._noise = random, noise
        self._group = Group.current()
        self._epochs: list[TrainingStep] = []  # finished
        self._losses: list[float] = []  # of this epoch's steps
        self._steps = 0
        self._limit: int | None = None  # of steps in an epoch
        self._begun = self._drawn = random.bit_generator.state

    def run(
        self,
        epochs: int,
        *,
        stage: str,
        slot: Slot,
        validate: Callable[[], float] | None = None,
        check_every: int = 1,
    ) -> Iterator[TrainingStep]:
        """Train up to ``epochs``, yielding after each; epochs in the checkpoint of
        ``slot`` are yielded again, not trained again. ``validate`` measures every
        ``check_every``-th epoch and the last."""
        state = self._group.broadcast(slot.read(_load))
        if state is not None:
            self._restore(state)
        self._seconds = budget.current().seconds * FOR_STEPS
        self._began, self._validating = time.perf_counter(), 0.0
        self._last = epochs
        yield from self._epochs[:epochs]
        while len(self._epochs) < epochs and not self.is_over():
            done = self._epoch(epochs, stage, slot)
            last = done.epoch == epochs
            due = (done.epoch % check_every == 0 and self._may_validate()) or last
            if validate is not None and due and not self.is_over():
                began = time.perf_counter()
                done = replace(done, validation=self._group.broadcast(validate()))
                self._validating += time.perf_counter() - began
            self._epochs.append(done)
            self._losses, self._begun = [], self._random.bit_generator.state
            # The last epoch is stored at once, so that it is not trained twice.
            self._store(slot, now=len(self._epochs) == epochs)
            yield done

    def _epoch(self, epochs: int, stage: str, slot: Slot) -> TrainingStep:
        began, timed_from = time.perf_counter(), 0.0
        batches = self.batches()
        if self._losses:  # resumed within the epoch
            self._random.bit_generator.state = self._drawn
        while len(self._losses) < (self._limit or len(batches)):
            self._losses.append(self.step(batches[len(self._losses)]))
            self._store(slot)
            if self._steps == 1:
                timed_from = time.perf_counter()
            elif len(self._losses) == 1 + TIMED == self._steps and timed_from:
                step = (time.perf_counter() - timed_from) / TIMED
                self._limit = self._affordable(len(batches), epochs, step)
            if self.is_over():
                break
        return TrainingStep(
            stage=stage,
            epoch=len(self._epochs) + 1,
            epochs=epochs,
            loss=float(np.mean(self._losses)),
            validation=None,
            seconds=time.perf_counter() - began,
        )

    def is_over(self) -> bool:
        """Whether the leader has no time left; the same in every process."""
        left = budget.current()
        if not left.has_limit:
            return False
        return bool(self._group.sum(left.is_spent and self._group.is_leader))

    def _may_validate(self) -> bool:
        """Whether validation took little enough so far, where not all steps fit.

        While each epoch is a part of the batches, more epochs do no harm: then only the
        last half is measured.
        """
        if self._limit is None:
            return True
        if len(self._epochs) + 1 < self._last / 2:
            return False
        passed = time.perf_counter() - self._began
        return self._group.broadcast(self._validating <= FOR_VALIDATION * passed)

    def _affordable(self, batches: int, epochs: int, step: float) -> int | None:
        """How many steps of ``step`` seconds an epoch may take; None for all."""
        if not budget.current().has_limit:
            return None
        count = self._group.broadcast(int(self._seconds / step / epochs))
        return None if count >= batches else max(1, count)

    def step(self, batch: B) -> float:
        """Take one step of the optimizer; returns the loss of the batch."""
        if self._rate is not None:
            for group in self._optimizer.param_groups:
                group["lr"] = self._rate(len(self._epochs), self._steps)
        self._optimizer.zero_grad()
        total = 0.0
        for loss in self.losses(batch, self._steps):
            torch.autograd.backward(loss)
            total += float(loss.detach())
        self._group.sum_gradients(self._network.parameters())
        self._optimizer.step()
        self._steps += 1
        return self._group.sum(total)

    def _store(self, slot: Slot, *, now: bool = False) -> None:
        if self._group.is_leader:
            slot.write(partial(save_state, self._state()), now=now)

    def _state(self) -> dict[str, Any]:
        return {
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "epochs": [asdict(each) for each in self._epochs],
            "losses": self._losses,
            "steps": self._steps,
            "limit": self._limit,
            "begun": self._begun,
            "drawn": self._random.bit_generator.state,
            "noise": None if self._noise is None else self._noise.get_state(),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._epochs = [TrainingStep(**each) for each in state["epochs"]]
        self._losses, self._steps = list(state["losses"]), state["steps"]
        self._limit = state.get("limit")  # earlier versions had none
        self._begun, self._drawn = state["begun"], state["drawn"]
        self._random.bit_generator.state = self._begun
        if self._noise is not None:
            self._noise.set_state(state["noise"])


def save_state(state: dict[str, Any], file: BinaryIO) -> None:
    """Save with `torch.save`, so that Ctrl-C during a write stays a KeyboardInterrupt.

    Interrupted, torch cannot end its file and raises a RuntimeError in its place.
    """
    try:
        torch.save(state, file)
    except RuntimeError as error:
        if isinstance(error.__context__, KeyboardInterrupt | SystemExit):
            raise error.__context__ from None
        raise


class NetworkTrainer(ABC, Generic[B]):
    """A network, one snapshot to learn from, and the loop that trains it."""

    model_name: ClassVar[str]
    loop: Loop[B]

    def __init__(self, snapshot: GraphSnapshot, config: DataclassInstance) -> None:
        self._snapshot, self._settings = snapshot, config

    def run(
        self,
        epochs: int,
        *,
        stage: str,
        validate: Callable[[], float] | None = None,
        check_every: int = 1,
    ) -> Iterator[TrainingStep]:
        """Train, yielding after each epoch; see `Loop.run`."""
        slot = checkpoints.slot(self.model_name, self._snapshot, self._settings, stage)
        return self.loop.run(
            epochs, stage=stage, slot=slot, validate=validate, check_every=check_every
        )

    @abstractmethod
    def model(self, searched: Mapping[str, Any] = NOTHING_SEARCHED) -> Model:
        """The model with the current weights; see `Model.searched`."""

    def keep(self) -> None:
        """Leave the weights for later fits; see `warm`. By default none are left."""

    def start_warm(self, epochs: int) -> int:
        """Start from the weights of an earlier fit, if there are any that fit; returns
        how many of ``epochs`` are left to train."""
        return epochs


def keep_no_freed_memory() -> None:
    """Return freed arrays to the system, in the whole process, where the C library has
    a setting for it (glibc, whose heap gets fragmented otherwise)."""
    mallopt = None
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD):
            mallopt(parameter, ARRAY)


def _load(path: Path) -> dict[str, Any]:
    """A state; only tensors and plain values are unpickled."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
