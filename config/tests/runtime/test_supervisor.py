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

from config.runtime.supervisor import ATTEMPTS, LOW_PRIORITY

SUPERVISE = """
import sys
from pathlib import Path
from config.runtime.supervisor import Child, Supervisor

folder = Path(sys.argv[1])
script = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\\\n'); %s"
stubborn = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)"

def child(name, code, **options):
    command = [sys.executable, "-c", script % code, str(folder / name)]
    return Child(name, command, **options)

children = [
    child("steady", stubborn),
    child("flaky", "exit(3)"),
    child("step", "time.sleep(0.3)", once=True),
    child("broken", "exit(4)", once=True),
    child("next", "print(os.nice(0)); time.sleep(60)", once=True, after="step"),
    child("last", "time.sleep(60)", after="broken"),
    child("never", "time.sleep(60)", after="next"),
]
Supervisor(children, folder, lambda line: print(line, flush=True)).run(
    watch=lambda: print("watched", flush=True)
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


def eventually(condition: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_interrupt_stops_every_child(supervisor, tmp_path: Path) -> None:
    assert "watched\n" in iter(supervisor.stdout.readline, "")
    assert eventually(lambda: bool(pids(tmp_path / "steady")))
    [pid] = pids(tmp_path / "steady")
    supervisor.send_signal(signal.SIGINT)
    supervisor.communicate(timeout=60)
    assert supervisor.returncode == 0
    assert not alive(pid)


def test_child_that_ends_is_started_again(supervisor, tmp_path: Path) -> None:
    assert eventually(lambda: len(pids(tmp_path / "flaky")) >= 2)
    supervisor.send_signal(signal.SIGINT)
    output, _ = supervisor.communicate(timeout=60)
    assert "flaky ended with status 3" in output


def test_child_that_runs_once_is_followed_by_the_next(supervisor, tmp_path: Path):
    assert eventually(lambda: bool(pids(tmp_path / "next")))
    [step] = pids(tmp_path / "step")
    assert not alive(step)
    [following] = pids(tmp_path / "next")
    assert os.getpriority(os.PRIO_PROCESS, following) == os.nice(0) + LOW_PRIORITY
    supervisor.send_signal(signal.SIGINT)
    supervisor.communicate(timeout=15)
    assert len(pids(tmp_path / "step")) == 1
    assert not pids(tmp_path / "never")
    assert "KeyboardInterrupt" in (tmp_path / "next.log").read_text()


def test_child_that_runs_once_is_given_up_when_it_fails_again_and_again(
    supervisor, tmp_path: Path
):
    assert eventually(lambda: bool(pids(tmp_path / "last")))
    assert len(pids(tmp_path / "broken")) == ATTEMPTS
    supervisor.send_signal(signal.SIGINT)
    output, _ = supervisor.communicate(timeout=15)
    assert f"broken ended with status 4, {ATTEMPTS} times" in output
    assert len(pids(tmp_path / "broken")) == ATTEMPTS


@pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG")
def test_children_of_a_killed_supervisor_stop(supervisor, tmp_path: Path) -> None:
    assert eventually(lambda: bool(pids(tmp_path / "steady")))
    [pid] = pids(tmp_path / "steady")
    supervisor.kill()
    assert eventually(lambda: not alive(pid))
