"""People of a synthetic site who are logged in, and the requests that they send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.test import Client

from accounts.models import User
from benchmarks.serving.platform import Platform
from benchmarks.serving.wrk import Call
from benchmarks.site.named import PASSWORD

API = "/api/v1/"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Person:
    """Somebody with a token for the API and a cookie for pages; a visitor has none."""

    name: str = "visitor"
    token: str = ""
    cookie: str = ""

    def api(self, path: str) -> Call:
        return Call(API + path, headers=self._authorization)

    def post(self, path: str, body: Mapping[str, Any]) -> Call:
        headers = JSON | self._authorization
        return Call(API + path, "POST", headers, json.dumps(body))

    def page(self, path: str) -> Call:
        headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={self.cookie}"}
        return Call(path, headers=headers if self.cookie else {})

    @property
    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def log_in_call(username: str) -> Call:
    return Person().post("auth/login/", {"login": username, "password": PASSWORD})


def log_in(platform: Platform, username: str, *, number: int) -> Person:
    """Log in by the API, from an address of its own."""
    call = log_in_call(username)
    address = {"X-Forwarded-For": f"10.9.{number // 250}.{number % 250}"}
    answer = platform.ask(replace(call, headers={**call.headers, **address}))
    return Person(username, json.loads(answer.body)["token"])


def with_cookie(person: Person) -> Person:
    """The person with a session for pages."""
    client = Client()
    client.force_login(
        User.objects.get(username=person.name),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return replace(person, cookie=client.cookies[settings.SESSION_COOKIE_NAME].value)
