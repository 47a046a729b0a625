"""The embedded server: shared by processes, gone when the last one has gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings

from config.runtime.postgres import server

pytestmark = pytest.mark.skipif(
    not settings.LOCAL, reason="DB_* names a server of your own"
)

CLIENT = """
import sys, pathlib
from config.runtime.postgres import server
print(server.attach(pathlib.Path(sys.argv[1])).port, flush=True)
sys.stdin.read()
"""


def start_client(root: Path) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(root)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    return process, int(process.stdout.readline())


def end(process: subprocess.Popen[str], *, kill: bool = False) -> None:
    if kill:
        process.kill()
    process.communicate()


def answers(root: Path) -> bool:
    address = server._read_address(root)
    return address is not None and server._answers(address)


def test_server_is_shared_and_stops_after_its_last_client(tmp_path: Path) -> None:
    root = tmp_path / "postgres"
    first, port = start_client(root)
    second, same_port = start_client(root)
    assert port == same_port
    end(first, kill=True)
    time.sleep(3 * server.IDLE_POLL)
    assert answers(root), "one client is left"
    end(second)
    deadline = time.monotonic() + 60
    while answers(root) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not answers(root)
    assert not (root / "address.json").exists()


def test_stale_address_of_a_killed_guardian_is_replaced(tmp_path: Path) -> None:
    root = tmp_path / "postgres"
    root.mkdir()
    server._publish(root, server.Address("127.0.0.1", 1, "platform", "wrong"))
    process, port = start_client(root)
    assert port != 1
    end(process)


def test_a_client_waits_for_a_server_that_is_still_stopping(tmp_path: Path) -> None:
    root = tmp_path / "postgres"
    first, _ = start_client(root)
    pid = int((root / "data" / "postmaster.pid").read_text().split("\n")[0])
    os.kill(pid, signal.SIGSTOP)
    try:
        end(first)
        while (root / "address.json").exists():
            time.sleep(0.05)
        with ThreadPoolExecutor(1) as pool:
            starting = pool.submit(start_client, root)
            time.sleep(2)
            assert not starting.done()
            os.kill(pid, signal.SIGCONT)
            second, _ = starting.result(timeout=60)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    assert answers(root)
    end(second)
