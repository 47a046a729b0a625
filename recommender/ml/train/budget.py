"""What a fit may use: time, memory and cores.

The caller of a fit sets a budget (`within`); code in the fit asks for what is left
(`current`). Without one there is no limit of time, and memory and cores are those of
the machine.

Work that is useful when it is half done stops there once the budget is spent. Other
work calls `check` between its parts, and ends with `OutOfTimeError`.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TypeVar

import psutil

T = TypeVar("T")
MOMENT = 0.1  # seconds


class OutOfTimeError(Exception):
    """The time was over before there was a result; the message says of what."""


def _memory() -> int:
    return int(psutil.virtual_memory().available)


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def free_cores() -> float:
    """How many cores other processes leave to this one, by how much of a core a thread
    gets that works for a moment."""
    began, used = time.monotonic(), time.thread_time()
    while (passed := time.monotonic() - began) < MOMENT:
        pass
    share = min(1.0, (time.thread_time() - used) / passed)
    return max(round(_cores() * share, 1), 0.1)


@dataclass(frozen=True)
class Budget:
    """``seconds`` may pass, infinity is no limit; ``memory_bytes`` may be added to the
    process; ``cores`` may be busy."""

    seconds: float = math.inf
    memory_bytes: int = field(default_factory=_memory)
    cores: float = field(default_factory=_cores)

    @property
    def is_spent(self) -> bool:
        """Whether no time is left."""
        return self.seconds <= 0

    @property
    def has_limit(self) -> bool:
        """Whether the time is limited."""
        return math.isfinite(self.seconds)

    def share(self, part: float) -> Budget:
        """The same with a ``part``, from 0 to 1, of the seconds."""
        return replace(self, seconds=self.seconds * part)


@dataclass(frozen=True)
class _Running:
    budget: Budget
    deadline: float  # of `time.monotonic`
    last: float  # the deadline of the outermost budget


_running: ContextVar[_Running | None] = ContextVar("budget", default=None)


@contextmanager
def within(budget: Budget | None) -> Iterator[None]:
    """Let fits in the block use ``budget``, and no more than what is left of the one
    that holds already; None changes nothing."""
    if budget is None:
        yield
        return
    outer = current()
    lesser = Budget(
        min(budget.seconds, outer.seconds),
        min(budget.memory_bytes, outer.memory_bytes),
        min(budget.cores, outer.cores),
    )
    deadline = time.monotonic() + lesser.seconds
    around = _running.get()
    running = _Running(lesser, deadline, around.last if around else deadline)
    token = _running.set(running)
    try:
        yield
    finally:
        _running.reset(token)


def current() -> Budget:
    """The budget that holds here, with the seconds that are left of it."""
    running = _running.get()
    if running is None:
        return Budget()
    return replace(running.budget, seconds=seconds_left())


def seconds_left() -> float:
    """The seconds of `current`, for loops that ask often."""
    running = _running.get()
    if running is None:
        return math.inf
    return max(0.0, running.deadline - time.monotonic())


def is_spent() -> bool:
    """Whether no time is left."""
    return seconds_left() <= 0


def check(what: str, needed: float = 0.0) -> None:
    """Raise `OutOfTimeError` about ``what`` if no time is left, or less than the
    ``needed`` seconds."""
    left = seconds_left()
    if left <= 0 or left < needed:
        raise OutOfTimeError(f"{what} did not fit into the time that was left")


def until_spent(choices: Iterable[T]) -> Iterator[T]:
    """The ``choices``, in turn, at least the first, until the budget is spent."""
    for place, choice in enumerate(choices):
        if place and is_spent():
            return
        yield choice


def left_of_all() -> float:
    """The seconds that are left of the outermost budget; infinity without a limit."""
    running = _running.get()
    if running is None:
        return math.inf
    return max(0.0, running.last - time.monotonic())
