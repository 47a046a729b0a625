"""How a request of the API says whose it is: by the token of a session."""

from __future__ import annotations

from typing import Any

from allauth.headless.contrib.rest_framework.authentication import (
    XSessionTokenAuthentication,
)
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

SCHEME = "Bearer"


def token_of(request: HttpRequest | Request) -> str | None:
    """What `Authorization: Bearer TOKEN` carries; None without it."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == SCHEME.lower() else None


class BearerStrategy(SessionTokenStrategy):  # type: ignore[misc]
    """allauth finds the token in the same place."""

    def get_session_token(self, request: HttpRequest) -> str | None:
        return token_of(request)


class SessionToken(XSessionTokenAuthentication):  # type: ignore[misc]
    """allauth's session token, where HTTP has its place for it.

    A token that belongs to no session (it ended, or was made up) is an error, so that
    a client learns of it; without any the request is a visitor's.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found: tuple[Any, Any] | None = super().authenticate(request)
        if found is None and token_of(request) is not None:
            raise AuthenticationFailed("This token is of no session: log in again.")
        return found

    def authenticate_header(self, request: Request) -> str:
        return SCHEME

    def get_session_token(self, request: HttpRequest) -> str | None:
        return token_of(request)


class SessionTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = SessionToken
    name = "sessionToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": SCHEME.lower(),
            "description": "The `token` that sign-up and log-in answer with.",
        }
