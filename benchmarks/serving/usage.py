"""CPU time and memory of the processes that serve, from /proc."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

MB = 1 << 20
BACKGROUND = ("run_worker", "relay_graph", "train_model", "seed_demo")


@dataclass(frozen=True)
class Cpu:
    """Seconds of CPU time since the processes started."""

    web: float
    postgres: float

    def __sub__(self, other: Cpu) -> Cpu:
        return Cpu(self.web - other.web, self.postgres - other.postgres)


@dataclass(frozen=True)
class Memory:
    """Megabytes; `own` is not shared with other processes, `share` adds a fair part of
    what is."""

    own: float
    share: float


@dataclass(frozen=True)
class Processes:
    """The platform's process, and PostgreSQL's."""

    platform: int
    postgres: int

    def cpu(self) -> Cpu:
        return Cpu(
            sum(_seconds(process) for process in self._web()),
            sum(_seconds(process) for process in _family(self.postgres)),
        )

    def memory(self) -> Memory:
        """Of the web process that has most of its own."""
        return max(
            (_memory(process.pid) for process in self._web()),
            key=lambda memory: memory.own,
            default=Memory(0, 0),
        )

    def _web(self) -> list[psutil.Process]:
        """The children of the platform but for those that work in the background."""
        web = []
        for child in psutil.Process(self.platform).children():
            with suppress(psutil.NoSuchProcess):
                command = " ".join(child.cmdline())
                if not any(name in command for name in BACKGROUND):
                    web += _family(child.pid)
        return web


def postgres_process(var: Path) -> int:
    """The process id of the embedded server of an installation."""
    lines = (var / "postgres" / "data" / "postmaster.pid").read_text().splitlines()
    return int(lines[0])


def _family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def _seconds(process: psutil.Process) -> float:
    """CPU time of a process and of its children that ended."""
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(
            times.user + times.system + times.children_user + times.children_system
        )
    return 0.0


def _memory(pid: int) -> Memory:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return Memory(0, 0)
    kilobytes = dict(_sizes(lines))
    own = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return Memory(own * 1024 / MB, kilobytes["Pss"] * 1024 / MB)


def _sizes(lines: Iterable[str]) -> Iterable[tuple[str, int]]:
    for line in lines:
        name, _, rest = line.partition(":")
        if rest.strip().endswith("kB"):
            yield name, int(rest.split()[0])
