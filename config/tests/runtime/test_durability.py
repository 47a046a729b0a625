"""What the API acknowledged survives a kill of the embedded PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings

from config.runtime.postgres import server

SEND = """
import django
django.setup()
from config.tests.runtime.sending_events import main
main()
"""
KILLS = 20
EVENTS = 200  # acknowledged between two kills
RATE = 100  # events a second that are acknowledged while the server runs

pytestmark = [
    pytest.mark.skipif(not settings.LOCAL, reason="DB_* names a server of your own"),
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc"),
    pytest.mark.slow,
]


def test_no_acknowledged_event_is_lost_by_a_kill(tmp_path: Path) -> None:
    names = ("DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", "NEO4J_URI")
    environment = os.environ | dict.fromkeys(names, "") | {"VAR_DIR": str(tmp_path)}
    root = tmp_path / "postgres"
    acknowledged: list[str] = []
    sender = subprocess.Popen(
        [sys.executable, "-c", SEND],
        cwd=settings.BASE_DIR,
        env=environment | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert sender.stdin
    assert sender.stdout
    output = sender.stdout
    try:
        assert output.readline() == "ready\n"
        reader = threading.Thread(
            target=lambda: acknowledged.extend(line.strip() for line in output)
        )
        reader.start()
        running = 0.0
        for _ in range(KILLS):
            running += _await_more(acknowledged, EVENTS)
            _kill(root)
            time.sleep(0.2)  # until what was acknowledged before has been read
            _await_more(acknowledged, 1)
        running += _await_more(acknowledged, EVENTS)
    finally:
        sender.stdin.close()
        sender.wait(60)
    reader.join()
    output.close()
    assert (KILLS + 1) * EVENTS / running >= RATE
    missing = set(acknowledged) - _stored(root)
    assert not missing, f"{len(missing)} of {len(acknowledged)} events were lost"


def _await_more(acknowledged: list[str], number: int) -> float:
    """Wait until that many more events are acknowledged; returns the seconds."""
    wanted, started = len(acknowledged) + number, time.monotonic()
    while len(acknowledged) < wanted:
        assert time.monotonic() < started + 60, "events are not acknowledged"
        time.sleep(0.01)
    return time.monotonic() - started


def _kill(root: Path) -> None:
    """Kill the server and all its processes at once."""
    pid = int((root / "data" / "postmaster.pid").read_text().split("\n")[0])
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for process in (pid, *map(int, children)):
        with suppress(ProcessLookupError):  # it ended with its parent
            os.kill(process, signal.SIGKILL)


def _stored(root: Path) -> set[str]:
    address = server.attach(root)
    connection = psycopg2.connect(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        dbname="platform",
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT event_id::text FROM interactions_event")
        found = {event for (event,) in cursor.fetchall()}
    connection.close()
    return found
