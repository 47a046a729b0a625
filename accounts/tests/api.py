"""Asking the API in tests."""

from __future__ import annotations

import json
from typing import Any

from allauth.usersessions.models import UserSession
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from accounts.models import User

ROOT = "/api/v1/"


def token_of(user: User) -> str:
    """Of a session that `user` just began."""
    client = Client()
    client.force_login(user)
    key = client.session.session_key
    UserSession.objects.create(user=user, session_key=key, ip="127.0.0.1")
    return key


def ask(
    method: str,
    path: str,
    body: Any = None,
    *,
    user: User | None = None,
    token: str | None = None,
    files: dict[str, Any] | None = None,
    **headers: str,
) -> Any:
    """The response to a request under `/api/v1/`; `files` are sent as a form."""
    token = token or (token_of(user) if user else None)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    if files is not None:
        data, kind = _multipart(files)
    else:
        data = b"" if body is None else json.dumps(body, default=str).encode()
        kind = "application/json"
    return Client(raise_request_exception=True).generic(
        method, ROOT + path, data, kind, headers=sent
    )


def status_of(url: str) -> int:
    """Of a page or file, whose content is read to its end, and so closed."""
    response = Client().get(url)
    if response.streaming:
        assert b"".join(response.streaming_content)
    return response.status_code


def _multipart(values: dict[str, Any]) -> tuple[bytes, str]:
    return encode_multipart(BOUNDARY, values), MULTIPART_CONTENT
