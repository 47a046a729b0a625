"""`make run` can be stopped or killed at any moment of its preparation, and goes on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not settings.LOCAL, reason="DB_* names a server of your own"),
]
MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]
RUNS = """
from recommender.models import ModelRun
print(*(f"{run.state} {run.note}" for run in ModelRun.objects.all()), sep="|")
"""
WAITING = """
from demo.publish import published
print(published().playable, published().total)
"""


class Installation:
    """One of its own in `var`, with a small demo; `platform` is its `run_platform`."""

    def __init__(self, var: Path) -> None:
        self.var = var
        # A network: the blend of so few people may have nothing to resume.
        self.env = {**os.environ, "VAR_DIR": str(var), "MODEL": "graphsage"}
        self.env["CHECKPOINT_SECONDS"] = "0"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.platform: subprocess.Popen[str] | None = None
        self.manage("migrate", "-v0")
        self.manage("seed_demo", "--videos=60", "--viewers=150", "--no-clips")

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [*MANAGE, *arguments],
            env=self.env,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout

    def start(self) -> None:
        command = ["run_platform", f"--port={self.port}", "--web-workers=1"]
        with (self.var / "output").open("w") as output:
            self.platform = subprocess.Popen(
                [*MANAGE, *command], env=self.env, stdout=output, stderr=output
            )

    def output(self) -> str:
        return (self.var / "output").read_text()

    def end(self, number: signal.Signals) -> None:
        assert self.platform is not None
        self.platform.send_signal(number)
        self.platform.wait(timeout=60)

    def wait_for(self, condition: Callable[[], bool], seconds: float = 300) -> None:
        assert self.platform is not None
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.platform.poll() is None, self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.1)

    def prepares(self, stage: str, *, at_least: int) -> bool:
        with suppress(FileNotFoundError):
            now = json.loads((self.var / "preparation.json").read_text())
            return now["stage"] == stage and now["done"] >= at_least
        return False

    def clips(self) -> dict[str, int]:
        files = (self.var / "demo").iterdir()
        return {path.name: path.stat().st_mtime_ns for path in files}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path)
    yield installation
    if installation.platform is not None:
        with suppress(ProcessLookupError):
            installation.end(signal.SIGINT)


def test_interrupted_runs_go_on(installation: Installation):
    installation.start()
    installation.wait_for(lambda: installation.prepares("demo", at_least=2))
    installation.end(signal.SIGINT)
    assert "Stopped." in installation.output()
    assert not (installation.var / "preparation.json").exists()
    made = installation.clips()
    assert {Path(name).suffix for name in made} == {".mp4", ".jpg"}, "half a clip"
    playable, total = map(int, installation.manage("shell", "-c", WAITING).split()[-2:])
    assert 2 <= playable < total == 60

    installation.start()
    installation.wait_for(lambda: installation.prepares("demo", at_least=playable + 2))
    installation.end(signal.SIGKILL)

    installation.start()
    installation.wait_for(lambda: installation.prepares("training", at_least=1))
    assert made.items() <= installation.clips().items()
    assert "Reel is at" in installation.output()
    installation.end(signal.SIGINT)
    assert "failed Interrupted." in installation.manage("shell", "-c", RUNS)

    installation.start()
    installation.wait_for(lambda: "All is prepared." in installation.output())
    [run] = installation.manage("shell", "-c", RUNS).splitlines()[-1].split("|")
    assert run.startswith(("trained Resumed after", "refused"))
    with urllib.request.urlopen(f"http://127.0.0.1:{installation.port}/") as page:
        assert 'id="preparation"' not in page.read().decode()
