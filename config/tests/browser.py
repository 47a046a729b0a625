"""Steps of tests in a browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.test import Client

from accounts.models import User


def log_in(page: Any, address: str, user: User) -> None:
    """Give the browser a session of `user`, as after a log-in."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": address}
    page.context.add_cookies([cookie])


def eventually(condition: Callable[[], Any], page: Any, seconds: float = 15) -> Any:
    """Wait until `condition()` is true, while the browser goes on; return it."""
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        page.wait_for_timeout(50)
    return value


def wait_for(page: Any, script: str) -> None:
    """Wait until `script` is true; `page.wait_for_function` needs `unsafe-eval`."""
    assert eventually(lambda: page.evaluate(script), page), script


class LostResponse:
    """Lets a request through to the server, and loses its response on the way back."""

    def __init__(self, page: Any, pattern: str) -> None:
        self.page, self.paused = page, []
        self.tools = page.context.new_cdp_session(page)
        self.tools.on("Fetch.requestPaused", lambda event: self.paused.append(event))
        stage = {"urlPattern": pattern, "requestStage": "Response"}
        self.tools.send("Fetch.enable", {"patterns": [stage]})

    def lose(self) -> None:
        """Wait for the response, lose it, and let later ones through."""
        assert eventually(lambda: self.paused, self.page), "nothing was sent"
        request = {"requestId": self.paused[0]["requestId"]}
        reason = {"errorReason": "ConnectionReset"}
        self.tools.send("Fetch.failRequest", request | reason)
        self.tools.send("Fetch.disable")
