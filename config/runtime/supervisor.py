"""Runs the platform's processes together and stops them together.

Each child leads a process group of its own, so a terminal's Ctrl-C reaches only the
supervisor, which stops the groups in order. On Linux a child is also stopped when the
supervisor itself is killed. A child that ends is started again, with a growing pause
while it keeps failing; a child that runs `once` only if it failed, and not for ever.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

PR_SET_PDEATHSIG = 1
STOP_TIMEOUT = 10.0  # seconds a child gets before it is killed
HEALTHY_AFTER = 30.0  # seconds after which a start counts as good
ATTEMPTS = 3  # of a child that runs once
LOW_PRIORITY = 10  # niceness of children that run once: pages go first


@dataclass
class Child:
    """One process. One with `after` starts when the `once` child of that name ended.

    A `once` child is stopped with SIGINT, as by Ctrl-C, which Python programs can clean
    up after.
    """

    name: str
    command: Sequence[str]
    once: bool = False
    after: str = ""
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    restart_at: float = 0.0
    ended: bool = False

    @property
    def stop_signal(self) -> signal.Signals:
        return signal.SIGINT if self.once else signal.SIGTERM


@dataclass
class Supervisor:
    """`children` are started in order and stopped in reverse."""

    children: list[Child]
    log_dir: Path
    say: Callable[[str], None]
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self, *, watch: Callable[[], None] = lambda: None) -> None:
        """Run until SIGINT or SIGTERM, then stop every child.

        `watch` is called twice a second.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self.log_dir.mkdir(parents=True, exist_ok=True)
        try:
            while not self._stop.is_set():
                for child in self.children:
                    self._look_after(child)
                watch()
                self._stop.wait(0.5)
        finally:
            self._stop_all()

    def has_ended(self, name: str) -> bool:
        """Whether the `once` child of that name ended for good, or there is none."""
        return all(child.ended for child in self.children if child.name == name)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _start(self, child: Child) -> None:
        with (self.log_dir / f"{child.name}.log").open("ab") as log:
            child.process = subprocess.Popen(
                child.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                preexec_fn=_Setup(child),
            )
        child.started = time.monotonic()

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is None:
            due = not child.ended and now >= child.restart_at
            if due and self.has_ended(child.after):
                self._start(child)
            return
        status = child.process.poll()
        if status is None:
            return
        _signal_group(child.process, signal.SIGKILL)  # what it may have left behind
        child.process = None
        if child.once and status == 0:
            child.ended = True
            return
        healthy = now - child.started > HEALTHY_AFTER
        child.failures = 1 if healthy and not child.once else child.failures + 1
        log = f"See {self.log_dir / child.name}.log"
        if child.once and child.failures == ATTEMPTS:
            child.ended = True
            self.say(
                f"{child.name} ended with status {status}, {ATTEMPTS} times. {log}"
            )
            return
        pause = min(2.0 ** (child.failures - 1), 60.0)
        child.restart_at = now + pause
        self.say(
            f"{child.name} ended with status {status}; starting it again in "
            f"{pause:.0f} s. {log}"
        )

    def _stop_all(self) -> None:
        for child in reversed(self.children):
            if child.process is None:
                continue
            with suppress(ProcessLookupError):
                child.process.send_signal(child.stop_signal)
        deadline = time.monotonic() + STOP_TIMEOUT
        for child in reversed(self.children):
            if child.process is None:
                continue
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
            _signal_group(child.process, signal.SIGKILL)
            child.process.wait()


class _Setup:
    """What a new process does before it becomes the child."""

    def __init__(self, child: Child) -> None:
        self._stop_signal, self._once = child.stop_signal, child.once
        # Loaded before the fork: afterwards only few calls are safe.
        self._libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def __call__(self) -> None:
        # A shell without job control starts its background processes deaf to Ctrl-C.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if self._once:
            os.nice(LOW_PRIORITY)
        if self._libc is not None:
            self._libc.prctl(PR_SET_PDEATHSIG, self._stop_signal)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
