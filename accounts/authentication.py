"""Authentication of API requests by the token of a session."""

from __future__ import annotations

from typing import Any

from allauth.headless.contrib.rest_framework.authentication import (
    XSessionTokenAuthentication,
)
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from rest.proxies import log_foreign_origin

SCHEME = "Bearer"


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
        result: tuple[Any, Any] | None = super().authenticate(request)
        if result is None and token_of(request) is not None:
            raise AuthenticationFailed("This token has no session: log in again.")
        return result

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


class SessionTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = SessionToken
    name = "sessionToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": SCHEME.lower(),
            "description": "The `token` in the responses of sign-up and log-in.",
        }
