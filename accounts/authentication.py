"""Authentication of API requests by the token of a session."""

from __future__ import annotations

import re
from typing import Any

from allauth.headless.contrib.rest_framework.authentication import (
    XSessionTokenAuthentication,
)
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    load_backend,
)
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts.models import User
from rest.proxies import log_foreign_origin

SCHEME = "Bearer"
TOKEN = re.compile(r"[a-z0-9]{8,40}")

# A session and, as allauth's list of sessions knows it, its person.
LOOK_UP = """
SELECT person.*, session.session_data
FROM django_session AS session
JOIN usersessions_usersession AS known ON known.session_key = session.session_key
JOIN accounts_user AS person ON person.id = known.user_id
WHERE session.session_key = %s AND session.expire_date > %s
"""


def token_of(request: HttpRequest | Request) -> str | None:
    """The token of `Authorization: Bearer TOKEN`, or None."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == SCHEME.lower() else None


class BearerStrategy(SessionTokenStrategy):  # type: ignore[misc]
    """allauth reads the token from the same header."""

    def get_session_token(self, request: HttpRequest) -> str | None:
        return token_of(request)


class SessionToken(XSessionTokenAuthentication):  # type: ignore[misc]
    """allauth's session token in the `Authorization` header.

    A token without a session is an error, so that clients notice when theirs has ended.
    A request without a token is anonymous.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        token = token_of(request)
        if token is None:
            return None
        if TOKEN.fullmatch(token):
            result = look_up(token) or super().authenticate(request)
            if result is not None:
                return result
        raise AuthenticationFailed("This token has no session: log in again.")

    def authenticate_header(self, request: Request) -> str:
        return SCHEME

    def get_session_token(self, request: HttpRequest) -> str | None:
        return token_of(request)


class BrowserSession(SessionAuthentication):
    """DRF's authentication by cookie, which logs why it refuses a page's request."""

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            log_foreign_origin(request, str(error.detail))
            raise


def look_up(token: str) -> tuple[User, SessionStore] | None:
    """The person and the session of a token, in one statement.

    The session must have what `django.contrib.auth.get_user` asks for. None does not
    mean that the token is wrong: allauth also knows sessions without a list, and those
    of an older secret key.
    """
    person: Any
    for person in User.objects.raw(LOOK_UP, [token, timezone.now()]):
        session: Any = SessionStore(token)
        data = session.decode(person.session_data)
        backend = data.get(BACKEND_SESSION_KEY)
        if (
            data.get(SESSION_KEY) == str(person.pk)
            and backend in settings.AUTHENTICATION_BACKENDS
            and _may_log_in(person, backend)
            and constant_time_compare(
                data.get(HASH_SESSION_KEY, ""), person.get_session_auth_hash()
            )
        ):
            session._session_cache = data
            return person, session
    return None


def _may_log_in(person: User, path: str) -> bool:
    backend: Any = load_backend(path)
    return bool(backend.user_can_authenticate(person))


class SessionTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = SessionToken
    name = "sessionToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": SCHEME.lower(),
            "description": "The `token` in the responses of sign-up and log-in.",
        }
