"""The worker of the web processes, with two threads and a small application."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from django.conf import settings

from config.tests.runtime.small_site import FILE
from config.tests.servers import await_answer, free_port

LIMIT = 3 << 20  # 2 MiB for a file and 1 for the rest of a form

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs gunicorn")


class Server:
    def __init__(self, folder: Path) -> None:
        self.port, self.log = free_port(), folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn"),
                    *("config.tests.runtime.small_site:application", "--threads", "2"),
                    *("--worker-class", "config.runtime.web_worker.Worker"),
                    *("--bind", f"127.0.0.1:{self.port}", "--access-logfile", "-"),
                    *("--graceful-timeout", "5"),
                ],
                cwd=settings.BASE_DIR,
                env=os.environ
                | {
                    "DJANGO_SETTINGS_MODULE": "config.settings",
                    "VAR_DIR": str(folder),
                    "UPLOAD_MAX_MB": "2",
                },
                stdout=log,
                stderr=log,
            )
        await_answer(f"http://127.0.0.1:{self.port}/", pause=0.05)

    def ask(self, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST" if body else "GET", path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def begin(self, request: str) -> socket.socket:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(10)
        sock.connect(("127.0.0.1", self.port))
        sock.sendall(f"{request} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode())
        return sock


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("web"))
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()


def test_clients_that_take_or_send_nothing_hold_no_thread(server: Server) -> None:
    with ExitStack() as crowd:
        for _ in range(20):
            viewer = crowd.enter_context(server.begin("GET /file"))
            viewer.sendall(b"\r\n")
            assert viewer.recv(1) == b"H"
            upload = crowd.enter_context(server.begin("POST /"))
            upload.sendall(b"Content-Length: 1000\r\n\r\n" + bytes(500))
        assert server.ask("/") == (200, b"0 bytes")
        assert server.ask("/file") == (200, FILE)
        upload.sendall(bytes(500))
        response, body = answer_to(upload)
        assert (response.status, body) == (200, b"1000 bytes")


def test_the_largest_upload_is_received(server: Server) -> None:
    assert server.ask("/", bytes(LIMIT)) == (200, b"%d bytes" % LIMIT)


def test_a_larger_body_is_refused_unread(server: Server) -> None:
    with server.begin("POST /") as client:
        client.sendall(f"Content-Length: {LIMIT + 1}\r\n\r\n".encode())
        response, body = answer_to(client)
        assert response.status == 413
        assert response.headers["Content-Type"] == "application/problem+json"
        assert json.loads(body)["status"] == 413


def test_an_upload_in_chunks_of_unknown_length_is_received(server: Server) -> None:
    """The application reads its length, which WSGI needs."""
    with server.begin("POST /") as client:
        client.sendall(b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(3):
            client.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")
        client.sendall(b"0\r\n\r\n")
        assert answer_to(client)[1] == b"%d bytes" % (3 * 0x10000)


def test_chunks_beyond_the_limit_are_refused(server: Server) -> None:
    with server.begin("POST /") as client:
        client.sendall(b"Transfer-Encoding: chunked\r\n\r\n")
        client.sendall(b"%x\r\n" % (LIMIT + 1) + bytes(LIMIT))
        response, body = answer_to(client)
        assert response.status == 413
        assert json.loads(body)["status"] == 413


def test_headers_of_proxies_are_left_to_django(server: Server) -> None:
    forwarded = {"X-Forwarded-For": "192.0.2.7"}
    assert server.ask("/client", **forwarded) == (200, b"127.0.0.1 192.0.2.7")


def test_headers_keep_their_names(server: Server) -> None:
    with server.begin("GET /") as client:
        client.sendall(b"\r\n")
        response, _ = answer_to(client)
        assert "ETag" in list(response.headers)


def test_requests_are_logged(server: Server) -> None:
    server.ask("/client?to=log")
    assert '"GET /client?to=log HTTP/1.1" 200 14 ' in server.log.read_text()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_paused_client_does_not_delay_the_stop(tmp_path: Path, stop: int) -> None:
    server = Server(tmp_path)
    with server.begin("GET /file") as viewer:
        viewer.sendall(b"\r\n")
        assert viewer.recv(1) == b"H"
        started = time.monotonic()
        server.process.send_signal(stop)
        server.process.wait(20)
        assert time.monotonic() - started < 4


def answer_to(client: socket.socket) -> tuple[http.client.HTTPResponse, bytes]:
    response = http.client.HTTPResponse(client)
    response.begin()
    with response:
        return response, response.read()


@pytest.mark.parametrize(
    "sent",
    [
        b"\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET /\xff%ff%00 HTTP/1.1\r\nHost: \xff\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nCookie: a\0b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    ],
    ids=range(12),
)
def test_what_is_no_request_is_refused_at_once(server: Server, sent: bytes) -> None:
    """With a status, or by closing the connection; the next client is served."""
    address = ("127.0.0.1", server.port)
    # It need not read all that is sent.
    with suppress(ConnectionError), socket.create_connection(address, 10) as client:
        client.sendall(sent)
        answer = client.recv(1000)
        assert not answer or int(answer.split()[1]) in (200, 400, 413, 431, 501)
    assert server.ask("/") == (200, b"0 bytes")
