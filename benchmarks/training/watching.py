"""Runs a command and watches the memory of its processes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress

import psutil

EVERY = 0.2  # seconds


def peak_memory(command: Sequence[str]) -> int:
    """The highest resident memory of `command` with its children, in bytes.

    Waits for its end. Raises `subprocess.CalledProcessError`.
    """
    peak = 0
    with subprocess.Popen(command) as process:
        while True:
            peak = max(peak, sum(_resident(process.pid)))
            with suppress(subprocess.TimeoutExpired):
                process.wait(EVERY)
                break
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return peak


def _resident(pid: int) -> Iterator[int]:
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                yield int(process.memory_info().rss)
