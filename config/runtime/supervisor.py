"""Runs the platform's processes together and stops them together.

Each child leads a process group of its own, so a terminal's Ctrl-C reaches only the
supervisor, which stops the groups in order. On Linux a child is also told to stop when
the supervisor itself is killed. A child that ends by itself is started again, with a
growing pause while it keeps failing.
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


@dataclass
class Child:
    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    restart_at: float = 0.0


@dataclass
class Supervisor:
    """`children` are started in order and stopped in reverse."""

    children: list[Child]
    log_dir: Path
    say: Callable[[str], None]
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self, *, ready: Callable[[], bool] = lambda: True) -> None:
        """Run until SIGINT or SIGTERM, then stop every child.

        `ready` is asked twice a second until it says yes: a place to announce the
        address once it answers.
        """
        announced = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self.log_dir.mkdir(parents=True, exist_ok=True)
        try:
            for child in self.children:
                self._start(child)
            while not self._stop.wait(0.5):
                for child in self.children:
                    self._look_after(child)
                announced = announced or ready()
        finally:
            self._stop_all()

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
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        child.started = time.monotonic()

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.restart_at:
                self._start(child)
            return
        status = child.process.poll()
        if status is None:
            return
        _signal_group(child.process, signal.SIGKILL)  # what it may have left behind
        healthy = now - child.started > HEALTHY_AFTER
        child.failures = 1 if healthy else child.failures + 1
        pause = min(2.0 ** (child.failures - 1), 60.0)
        child.process, child.restart_at = None, now + pause
        self.say(
            f"{child.name} ended with status {status}; starting it again in "
            f"{pause:.0f} s. See {self.log_dir / child.name}.log"
        )

    def _stop_all(self) -> None:
        for child in reversed(self.children):
            if child.process is None:
                continue
            with suppress(ProcessLookupError):
                child.process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT
        for child in reversed(self.children):
            if child.process is None:
                continue
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
            _signal_group(child.process, signal.SIGKILL)
            child.process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
