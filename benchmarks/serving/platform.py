"""The platform as an operator runs it, on the site of this process."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from benchmarks.serving.usage import Processes, postgres_process
from benchmarks.serving.wrk import Call

HOST = "127.0.0.1"
START_TIMEOUT = 120.0  # seconds
STOP_TIMEOUT = 30.0
# What limits one person or address, an operator lifts for a known load generator. It
# names an address for each request, as a proxy does.
ENVIRONMENT = {
    "API_USER_PER_MINUTE": "100000000",
    "API_ANONYMOUS_PER_MINUTE": "100000000",
    "TRUSTED_PROXY_COUNT": "1",
    "NEO4J_URI": "",
    "DEBUG": "",
}


class NoAnswer(Exception):
    """The server did not start or refused a request; the message says what it said."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    seconds: float


@dataclass(frozen=True)
class Platform:
    """`start_seconds` passed before the first page was there."""

    port: int
    processes: Processes
    start_seconds: float

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    def ask(self, call: Call) -> Answer:
        """Raises `NoAnswer` unless the response is good."""
        answer = _ask(self.port, call)
        if answer.status != http.HTTPStatus.OK:
            raise NoAnswer(
                f"{call.method} {call.path}: {answer.status} {answer.body[:300]!r}"
            )
        return answer


@contextmanager
def running(port: int) -> Iterator[Platform]:
    """Run `run_platform`, as `make run` does. Raises `NoAnswer`."""
    log = Path(settings.VAR_DIR) / "benchmark-platform.log"
    started = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "manage.py", "run_platform", "--no-demo"),
                *("--host", HOST, "--port", str(port)),
            ],
            cwd=settings.BASE_DIR,
            env=os.environ | ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _await_page(process, port, log)
        yield Platform(
            port,
            Processes(process.pid, postgres_process(Path(settings.VAR_DIR))),
            time.perf_counter() - started,
        )
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await_page(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.perf_counter() + START_TIMEOUT
    while time.perf_counter() < deadline and process.poll() is None:
        with suppress(OSError, http.client.HTTPException):
            if _ask(port, Call("/")).status == http.HTTPStatus.OK:
                return
        time.sleep(0.1)
    raise NoAnswer(f"The platform did not start; see {log}.")


def _ask(port: int, call: Call) -> Answer:
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    started = time.perf_counter()
    try:
        connection.request(
            call.method, call.path, call.body or None, dict(call.headers)
        )
        response = connection.getresponse()
        body = response.read()
        return Answer(response.status, body, time.perf_counter() - started)
    finally:
        connection.close()
