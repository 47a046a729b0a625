"""A server that speaks as the Socialverse API does, and fails as networks do.

`python -m imports.tests.socialverse_server PORT` runs one by itself.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from imports.tests.socialverse_world import World

TOKEN, ALGORITHM = "a-token-of-tests", "an-algorithm-of-tests"
STREAMS = {
    "/users/get_all": "users",
    "/posts/summary/get": "posts",
    "/posts/view": "views",
    "/posts/like": "likes",
    "/posts/inspire": "inspires",
    "/posts/rating": "ratings",
}


@dataclass(frozen=True)
class Faults:
    """The chance of each in an answer; `slow` is how long a slow one takes, in s."""

    error: float = 0.0
    too_many: float = 0.0
    dropped: float = 0.0
    cut_short: float = 0.0
    delayed: float = 0.0
    slow: float = 0.0
    retry_after: str = "1"


NONE = Faults()
USUAL = Faults(
    error=0.06, too_many=0.03, dropped=0.05, cut_short=0.05, delayed=0.02, slow=1.5
)


class StandIn(ThreadingHTTPServer):
    """`requests` counts those met, by path. What may be changed at any time: `faults`,
    `pause` (s before an answer), `most` (rows in a page), `post_key` (posts or post).
    """

    daemon_threads = True

    def __init__(self, world: World, faults: Faults = NONE, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.world, self.faults = world, faults
        self.requests: Counter[str] = Counter()
        self.met: Counter[str] = Counter()
        self.random = random.Random(11)
        self.post_key = "posts"
        self.pause = 0.0
        self.most = 10_000

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is nothing to report."""


@contextmanager
def serving(world: World, faults: Faults = NONE) -> Iterator[StandIn]:
    server = StandIn(world, faults)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = {key: value[0] for key, value in parse_qs(url.query).items()}
        self.server.requests[url.path] += 1
        time.sleep(self.server.pause)
        if self._fails():
            return
        stream = STREAMS.get(url.path)
        if stream is None:
            self._answer(404, {"status": "error", "message": "no such thing"})
        elif not self._may(stream, asked):
            self._answer(403, {"status": "error", "message": "who are you?"})
        else:
            self._answer(200, self._page(stream, asked))

    def _may(self, stream: str, asked: dict[str, str]) -> bool:
        if stream in ("users", "posts"):
            return self.headers.get("Flic-Token") == TOKEN
        return asked.get("resonance_algorithm") == ALGORITHM

    def _page(self, stream: str, asked: dict[str, str]) -> dict[str, Any]:
        number, size = int(asked["page"]), int(asked["page_size"])
        size = min(size, self.server.most)
        rows = self.server.world.rows[stream][(number - 1) * size : number * size]
        key = {"users": "users", "posts": self.server.post_key}.get(stream, "posts")
        return {
            "status": "success",
            "message": "fetched",
            "page": number,
            "page_size": len(rows),
            "max_page_size": int(asked["page_size"]),
            key: rows,
        }

    def _fails(self) -> bool:
        faults, draw = self.server.faults, self.server.random.random()
        for name in ("error", "too_many", "dropped", "cut_short", "delayed"):
            draw -= getattr(faults, name)
            if draw < 0:
                self.server.met[name] += 1
                return bool(getattr(self, f"_{name}")())
        return False

    def _error(self) -> bool:
        self._answer(500, {"status": "error"})
        return True

    def _too_many(self) -> bool:
        after = {"Retry-After": self.server.faults.retry_after}
        self._answer(429, {"status": "error"}, after)
        return True

    def _dropped(self) -> bool:
        self._hang_up()
        return True

    def _cut_short(self) -> bool:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b'{"status": "success", "posts": [{"id": 1, ')
        self._hang_up()
        return True

    def _delayed(self) -> bool:
        time.sleep(self.server.faults.slow)
        return False

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(
        self, status: int, document: Any, headers: dict[str, str] | None = None
    ) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read what a test says, not what a server does."""


if __name__ == "__main__":
    StandIn(World(), USUAL, port=int(sys.argv[1])).serve_forever()
