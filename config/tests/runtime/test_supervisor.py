"""The supervisor stops all that it started, however it ends itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

SUPERVISE = """
import sys
from pathlib import Path
from config.supervisor import Child, Supervisor

folder = Path(sys.argv[1])
script = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\\\n'); %s"
stubborn = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)"
children = [
    Child("steady", [sys.executable, "-c", script % stubborn, str(folder / "steady")]),
    Child("flaky", [sys.executable, "-c", script % "exit(3)", str(folder / "flaky")]),
]
Supervisor(children, folder, lambda line: print(line, flush=True)).run(
    ready=lambda: print("ready", flush=True) or True
)
"""


@pytest.fixture
def supervisor(tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(tmp_path)],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def pids(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_interrupt_stops_every_child(supervisor, tmp_path: Path) -> None:
    assert "ready\n" in iter(supervisor.stdout.readline, "")
    assert eventually(lambda: bool(pids(tmp_path / "steady")))
    [pid] = pids(tmp_path / "steady")
    supervisor.send_signal(signal.SIGINT)
    supervisor.communicate(timeout=15)
    assert supervisor.returncode == 0
    assert not alive(pid)


def test_child_that_ends_is_started_again(supervisor, tmp_path: Path) -> None:
    assert eventually(lambda: len(pids(tmp_path / "flaky")) >= 2)
    supervisor.send_signal(signal.SIGINT)
    output, _ = supervisor.communicate(timeout=15)
    assert "flaky ended with status 3" in output


@pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG")
def test_children_of_a_killed_supervisor_stop(supervisor, tmp_path: Path) -> None:
    assert eventually(lambda: bool(pids(tmp_path / "steady")))
    [pid] = pids(tmp_path / "steady")
    supervisor.kill()
    assert eventually(lambda: not alive(pid))
