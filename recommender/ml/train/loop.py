"""Steps and epochs of training a network: shared among processes, kept, taken up again.

Where a checkpoint holds the network, the optimizer and the state of the random numbers,
a training that goes on from one takes the very steps that it would have taken.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from recommender.ml.models.base import TrainingStep
from recommender.ml.store.checkpoints import Slot
from recommender.ml.train.distributed import Group

B = TypeVar("B")
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # as malloc.h numbers them
ARRAY = 1 << 20  # bytes from which an array has memory of its own


class Loop(Generic[B]):
    """One network in training.

    ``batches`` draws an epoch's batches from ``random``; ``losses`` are those of this
    process's shares of one, by batch and number of the step, and may draw, too, the
    same in every process; ``rate`` is the learning rate by epoch and step, from 0.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        batches: Callable[[], Sequence[B]],
        losses: Callable[[B, int], Iterable[Tensor]],
        rate: Callable[[int, int], float],
        random: np.random.Generator,
        group: Group,
    ) -> None:
        self._network, self._group, self._random = network, group, random
        self.batches, self.losses, self._rate = batches, losses, rate
        self._optimizer = torch.optim.Adam(
            network.parameters(), betas=(0.9, 0.99), fused=True
        )
        self._epochs: list[TrainingStep] = []  # those done
        self._found: list[float] = []  # of this epoch's steps
        self._steps = 0
        self._begun = self._drawn = random.bit_generator.state

    def run(
        self,
        epochs: int,
        *,
        stage: str,
        slot: Slot,
        validate: Callable[[], float] | None = None,
    ) -> Iterator[TrainingStep]:
        """Train up to ``epochs``, yielding after each; those that the checkpoint in
        ``slot`` holds are told again, not done again."""
        found = self._group.broadcast(slot.read(_load))
        if found is not None:
            self._restore(found)
        yield from self._epochs[:epochs]
        while len(self._epochs) < epochs:
            done = self._epoch(epochs, stage, slot)
            if validate is not None:
                done = replace(done, validation=self._group.broadcast(validate()))
            self._epochs.append(done)
            self._found, self._begun = [], self._random.bit_generator.state
            # The last is kept whatever the time: nobody waits for it twice.
            self._keep(slot, now=len(self._epochs) == epochs)
            yield done

    def _epoch(self, epochs: int, stage: str, slot: Slot) -> TrainingStep:
        began = time.perf_counter()
        batches = self.batches()
        if self._found:  # taken up within the epoch
            self._random.bit_generator.state = self._drawn
        for batch in batches[len(self._found) :]:
            self._found.append(self.step(batch))
            self._keep(slot)
        return TrainingStep(
            stage=stage,
            epoch=len(self._epochs) + 1,
            epochs=epochs,
            loss=float(np.mean(self._found)),
            validation=None,
            seconds=time.perf_counter() - began,
        )

    def step(self, batch: B) -> float:
        """Learn from a batch; returns its loss."""
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

    def _keep(self, slot: Slot, *, now: bool = False) -> None:
        if self._group.is_leader:
            slot.write(partial(torch.save, self._state()), now=now)

    def _state(self) -> dict[str, Any]:
        return {
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "epochs": [asdict(each) for each in self._epochs],
            "losses": self._found,
            "steps": self._steps,
            "begun": self._begun,
            "drawn": self._random.bit_generator.state,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._epochs = [TrainingStep(**each) for each in state["epochs"]]
        self._found, self._steps = list(state["losses"]), state["steps"]
        self._begun, self._drawn = state["begun"], state["drawn"]
        self._random.bit_generator.state = self._begun


def keep_no_freed_memory() -> None:
    """Give arrays back to the system when they are freed, where the C library can be
    told to (glibc, which else keeps a fragmented heap): for the whole process."""
    mallopt = None
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD):
            mallopt(parameter, ARRAY)


def _load(path: Path) -> dict[str, Any]:
    """A state; only tensors and plain values are unpickled."""
    found: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return found
