"""How the serving benchmark sends requests and reads what processes use."""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import sys
import threading
import time

import pytest

from benchmarks.serving import table, usage, wrk
from benchmarks.serving.usage import Cpu, Processes


class Server:
    """An HTTP server that keeps what it gets."""

    def __init__(self) -> None:
        received = self.received = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                received.append((time.monotonic(), body, dict(self.headers)))
                self.send_response(404 if self.path == "/missing" else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def server():
    started = Server()
    thread = threading.Thread(target=started.server.serve_forever)
    thread.start()
    yield started
    started.server.shutdown()
    thread.join()
    started.server.server_close()


needs_wrk = pytest.mark.skipif(not shutil.which("wrk"), reason="wrk is not installed")


@needs_wrk
def test_wrk_keeps_the_rate_and_sends_every_event_once(server):
    call = wrk.Call("/", "POST", {"Authorization": 'a "quoted" one'}, "UUID-UUID")
    load = wrk.at_rate(server.address, [call], rate=40, seconds=1)
    assert 5 < load.rate < 48  # it starts slowly
    assert 0 < load.p50 <= load.p90 <= load.p99
    bodies = [body for _, body, _ in server.received]
    assert len(bodies) >= load.requests
    assert len(set(bodies)) == len(bodies)
    first, second = bodies[0][:36], bodies[0][37:]
    assert len(second) == 36
    assert first != second
    _, _, headers = server.received[0]
    assert headers["Authorization"] == 'a "quoted" one'
    assert headers["X-Forwarded-For"].startswith("10.")


@needs_wrk
def test_refused_requests_are_an_error(server):
    call = wrk.Call("/missing", "POST", {}, "x")
    with pytest.raises(wrk.LoadFailed, match="were refused"):
        wrk.closed(server.address, [call], callers=1, seconds=1)


def test_without_wrk_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(wrk.NoWrk, match="apt-get install wrk"):
        wrk.require()


def test_background_workers_do_not_count_as_web():
    busy = "x = 0\nwhile True: x += 1"
    parent = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {busy!r}])\n"
        f"subprocess.Popen([sys.executable, '-c', {busy!r}, 'run_worker'])\n"
        "print('up', flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, process_group=0
    ) as process:
        try:
            process.stdout.readline()
            processes = Processes(platform=process.pid, postgres=os.getpid())
            before = processes.cpu()
            started = time.monotonic()
            time.sleep(0.5)
            used, passed = processes.cpu() - before, time.monotonic() - started
            memory = processes.memory()
        finally:
            os.killpg(process.pid, 9)
    assert 0 < used.web < 1.1 * passed
    assert 1 < memory.own <= memory.share + 1


def test_cpu_time_of_a_request_is_a_difference():
    assert Cpu(5, 3) - Cpu(1, 2) == Cpu(4, 1)
    assert usage.MB == 2**20


def test_the_exponent_of_growth():
    assert table.exponent([1, 2, 4], [3, 6, 12]) == pytest.approx(1)
    assert table.exponent([1, 2, 4], [5, 5, 5]) == pytest.approx(0)
    sites = [
        {"rows": [{"name": "Home", "alone": {"p50": 2.0}}]},
        {"rows": [{"name": "Home", "alone": {"p50": 8.0}}]},
    ]
    assert "| Home | 2.0 | 8.0 | 1.00 |" in table.of_growth(sites, [1, 4])


@pytest.mark.slow
@needs_wrk
def test_a_small_site_is_built_trained_served_and_measured(tmp_path):
    size = ("--videos=300", "--people=400", "--engagements=4000", "--follows=1500")
    command = [
        *(sys.executable, "-m", "benchmarks.serving", f"--folder={tmp_path}", *size),
        *("--model=popularity", "--fit-only", "--seconds=3", "--members=2"),
        *("--port=8791", "--only=API: light", "--only=Events", "--scale=1,2"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| Home")]
    assert len(rows) == 3  # each scale, and the growth
    assert "| Events, 20 in a batch |" in done.stdout
