"""Viewers who pause and phones that upload slowly cost nobody a page."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.urls import reverse

from config.management.commands.run_platform import serving
from config.runtime.supervisor import STOP_TIMEOUT
from config.tests.servers import (
    NGINX,
    await_answer,
    environment_for,
    free_port,
    nginx_command,
    process,
)
from videos.tests.factories import make_video

CLIENTS = 200  # of each kind
SIZE = 60_000_000  # bytes of the video, and of an upload
PATIENCE = 1.0  # seconds within which everything answers
PAGES = {"/": 200, "/api/v1/me/": 401}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs a Unix"),
]


@dataclass
class Site:
    port: int
    stop: Callable[[], None]


@pytest.fixture
def file_address(transactional_db, settings, tmp_path: Path) -> str:
    settings.MEDIA_ROOT = tmp_path / "media"
    cache.clear()
    call_command("setup_platform", verbosity=0)
    for _ in range(40):
        make_video()
    video = make_video(content_type="video/mp4", duration=60.0)
    video.video_file.save("clip", ContentFile(os.urandom(SIZE)))
    return reverse("video_file", args=[video.video_id])


@pytest.fixture(params=["make run", "nginx"])
def site(request, file_address: str, tmp_path: Path) -> Iterator[Site]:
    """The web processes of `make run`, or nginx in front of them."""
    web_port, port = free_port(), free_port()
    children = {
        child.name: child for child in serving("127.0.0.1", web_port, 2, after="")
    }
    environment = environment_for(tmp_path)
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
    subprocess.run(collect, cwd=settings.BASE_DIR, env=environment, check=True)
    with ExitStack() as running:
        if request.param == "nginx":
            if NGINX is None:
                pytest.skip("no nginx is installed")
            environment |= {"X_ACCEL_REDIRECT": "/protected/"}
            nginx = nginx_command(tmp_path, port, web_port)
            running.enter_context(process(nginx, environment))
        else:
            port = web_port
        running.enter_context(process([*children["web"].command], environment))
        await_answer(f"http://127.0.0.1:{web_port}/")
        for _ in range(10):  # both processes have answered
            await_answer(f"http://127.0.0.1:{port}/")
        yield Site(port, running.close)


def test_slow_clients_cost_nobody_a_page(site: Site, file_address: str) -> None:
    with ExitStack() as crowd:
        viewers = [paused_viewer(site.port, file_address) for _ in range(CLIENTS)]
        uploads = [slow_upload(site.port) for _ in range(CLIENTS)]
        for sock in viewers + uploads:
            crowd.enter_context(sock)
        with trickling(uploads):
            slowest = dict.fromkeys(PAGES, 0.0)
            for _ in range(20):
                for path in PAGES:
                    slowest[path] = max(slowest[path], seconds_for(site.port, path))
                time.sleep(0.1)
        assert max(slowest.values()) < PATIENCE, slowest
        assert rest_of_file(viewers[0]) == SIZE
        # What the others still wait for does not keep the server from stopping.
        started = time.monotonic()
        site.stop()
        assert time.monotonic() - started < STOP_TIMEOUT


def paused_viewer(port: int, address: str) -> socket.socket:
    """One whose socket is full: it has read a byte of the response."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(60)
    sock.connect(("127.0.0.1", port))
    sock.sendall(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    assert sock.recv(1, socket.MSG_PEEK) == b"H"
    return sock


def slow_upload(port: int) -> socket.socket:
    """One that has sent the first part of a video."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=60)
    sock.sendall(
        b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        # With a cookie, the form is read for the token.
        b"Cookie: csrftoken=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n"
        b"Content-Length: %d\r\n\r\n--x\r\nContent-Disposition: form-data; "
        b'name="file"; filename="a.mp4"\r\n\r\n' % SIZE
    )
    sock.sendall(bytes(64 * 1024))
    return sock


@contextmanager
def trickling(uploads: list[socket.socket]) -> Iterator[None]:
    """Each upload goes on, at about 1 kB in a second."""
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(0.5):
            for sock in uploads:
                sock.send(bytes(500))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def seconds_for(port: int, path: str) -> float:
    started = time.monotonic()
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
    finally:
        connection.close()
    assert response.status == PAGES[path]
    return time.monotonic() - started


def rest_of_file(sock: socket.socket) -> int:
    """The number of bytes of the file of a viewer who goes on."""
    response = HTTPResponse(sock)
    response.begin()
    with response:
        return sum(map(len, iter(lambda: response.read(1 << 20), b"")))
