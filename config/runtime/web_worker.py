"""A worker of gunicorn in which a slow client holds no thread.

Gunicorn looks after the processes, waitress after the sockets: one thread of a process
receives whole requests, large bodies to disk, and sends responses and files. The others
run the application alone.
"""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from types import FrameType, SimpleNamespace
from typing import Any

from django.conf import settings
from gunicorn.workers import base
from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer
from waitress.task import ErrorTask, WSGITask

from videos.files.uploads import FORM_BYTES

TURN = 1024 * 1024  # bytes that are sent to one client before it is another's turn
CHUNK = 256 * 1024  # bytes read from a file at once
IDLE = 1.0  # seconds after which a client that takes nothing is not waited for
FILES = 2  # open files of a client: its socket, and a file that is sent or received


class Response(WSGITask):
    """A response of the application, with the names of its headers as they are.

    Waitress would send `Etag`, which some clients do not know.
    """

    def build_response_header(self) -> bytes:
        names = [name for name, _ in self.response_headers]
        header: bytes = super().build_response_header()
        for name in names:
            sent = "-".join(part.capitalize() for part in name.split("-"))
            if sent != name:
                header = header.replace(
                    f"\r\n{sent}: ".encode(), f"\r\n{name}: ".encode()
                )
        return header


class Refusal(ErrorTask):
    """The answer to a request that the application does not get, such as a 413."""

    def execute(self) -> None:
        error = self.request.error
        problem = {
            "type": "about:blank",
            "title": error.reason,
            "status": error.code,
            "detail": error.body,
        }
        body = json.dumps(problem).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "application/problem+json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):
    """The connection of a client. A fast one waits for its turn."""

    task_class = Response
    error_task_class = Refusal

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.sendbuf_len: int = min(self.sendbuf_len, CHUNK)
        self._left = TURN

    def handle_write(self) -> None:
        self._left = TURN
        super().handle_write()

    def send(self, data: bytes, do_close: bool = True) -> int:
        if self._left <= 0:
            return 0
        sent: int = super().send(data, do_close=do_close)
        self._left -= sent
        return sent

    def write_soon(self, data: Any) -> int:
        self._left = TURN
        written: int = super().write_soon(data)
        return written

    @property
    def is_busy(self) -> bool:
        """Whether a request is being answered and its client takes the answer."""
        takes = time.time() - self.last_activity < IDLE
        return bool(self.requests or (self.total_outbufs_len and takes))


class Worker(base.Worker):
    """`--threads` of each process run the application."""

    def run(self) -> None:
        connections: int = self.cfg.worker_connections
        _allow_files(FILES * connections + 256)
        settings.FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)
        tempfile.tempdir = str(settings.FILE_UPLOAD_TEMP_DIR)  # for large bodies
        self._sockets: dict[int, Any] = {}
        create_server(
            self._answer,
            map=self._sockets,
            sockets=[socket.sock for socket in self.sockets],
            backlog=self.cfg.backlog,
            threads=self.cfg.threads,
            connection_limit=connections,
            channel_timeout=120,
            max_request_body_size=settings.UPLOAD_MAX_BYTES + FORM_BYTES + 1,
            clear_untrusted_proxy_headers=False,  # Django counts trusted proxies
            log_socket_errors=False,
            ident="",
        )
        for server in self._servers():
            server.channel_class = Channel
        while self.alive and self.ppid == os.getppid():
            self._serve()
        self._finish()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._wake()

    def _serve(self) -> None:
        self.notify()
        wasyncore.loop(timeout=1.0, use_poll=True, map=self._sockets, count=1)

    def _finish(self) -> None:
        """Answer what was asked, for at most `--graceful-timeout` seconds."""
        for server in self._servers():
            server.accepting = False
        deadline = time.monotonic() + self.cfg.graceful_timeout
        while time.monotonic() < deadline and any(
            isinstance(channel, Channel) and channel.is_busy
            for channel in list(self._sockets.values())
        ):
            self._serve()

    def _servers(self) -> list[BaseWSGIServer]:
        return [s for s in self._sockets.values() if isinstance(s, BaseWSGIServer)]

    def _wake(self) -> None:
        for server in self._servers():
            server.pull_trigger()

    def _answer(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        started = datetime.now()
        answer = SimpleNamespace(status="500", headers=[], sent=None)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            answer.status, answer.headers = status, headers
            answer.sent = dict(headers).get("Content-Length")
            return start_response(status, headers, *rest)

        environ["RAW_URI"] = environ["REQUEST_URI"]  # what gunicorn logs
        try:
            body: Iterable[bytes] = self.wsgi(environ, start)
            return body
        finally:
            self.log.access(answer, {}, environ, datetime.now() - started)
            self.nr += 1
            if self.nr == self.max_requests:
                self.log.info("Autorestarting worker after current request.")
                self.alive = False


def _allow_files(number: int) -> None:
    """Let this process open that many files, if the system permits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        number = min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < number:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))
