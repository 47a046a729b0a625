"""Calling allauth's headless views from the API.

A view of the API validates the body, calls allauth's view for apps with the same token,
and turns its response into data or a problem.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.constants import Client
from django.http import HttpResponseBase
from rest_framework import status
from rest_framework.exceptions import APIException, Throttled, ValidationError
from rest_framework.request import Request

from accounts.authentication import token_of

WAIT = 60  # seconds: allauth's limits are by the minute


@dataclass(frozen=True)
class Answer:
    """A response of allauth; `token` is the session's token after it."""

    token: str | None
    data: Any = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    status: int = status.HTTP_200_OK


class Refused(APIException):
    """An error of allauth; `members` are added to the problem."""

    def __init__(self, code: int, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.status_code = code
        self.members = members
        if code == status.HTTP_401_UNAUTHORIZED:
            self.auth_header = "Bearer"


REASONS = {
    401: "Log in first.",
    403: "You may not do this.",
    404: "It does not exist.",
    409: "This is not possible in the current state of the session.",
}
FLOWS = {
    "mfa_authenticate": "Send the code of your authenticator to continue.",
    "reauthenticate": "Send your password again first: this needs a recent log-in.",
    "mfa_reauthenticate": "Send your password again first: this needs a recent log-in.",
    "verify_email": "Confirm your e-mail address to continue.",
}


class Headless:
    """One of allauth's views for apps."""

    def __init__(self, view: Any) -> None:
        self._view: Callable[..., HttpResponseBase] = view.as_api_view(
            client=Client.APP
        )

    def __call__(
        self,
        request: Request,
        data: Mapping[str, Any] | None = None,
        *,
        method: str | None = None,
        accept: tuple[int, ...] = (200,),
    ) -> Answer:
        """Call the view with `data`, by default with the method of `request`.

        Raises `ValidationError`, `Throttled`, or `Refused` for a status that `accept`
        does not contain.
        """
        http = request._request
        http._body = json.dumps(data or {}).encode()  # the validated body
        original, http.method = http.method, method or http.method
        try:
            response: Any = self._view(http)
        except ImmediateHttpResponse as immediate:
            response = immediate.response
        finally:
            http.method = original
        body = json.loads(response.content) if response.content else {}
        meta = body.get("meta") or {}
        token = meta.get("session_token") or token_of(request)
        if response.status_code in accept:
            return Answer(token, body.get("data"), meta, response.status_code)
        if response.status_code == status.HTTP_429_TOO_MANY_REQUESTS:
            raise Throttled(wait=WAIT)
        if response.status_code == status.HTTP_400_BAD_REQUEST:
            raise ValidationError(_by_field(body.get("errors", [])))
        raise _refused(response.status_code, body, token)


def _by_field(errors: list[dict[str, Any]]) -> dict[str, list[str]]:
    messages: dict[str, list[str]] = {}
    for error in errors:
        messages.setdefault(error.get("param", "non_field_errors"), []).append(
            error["message"]
        )
    return messages


def _refused(code: int, body: Mapping[str, Any], token: str | None) -> Refused:
    if code == status.HTTP_410_GONE:
        return Refused(401, "This token has no session: log in again.")
    if errors := body.get("errors"):
        return Refused(code, " ".join(error["message"] for error in errors))
    flows = (body.get("data") or {}).get("flows", [])
    known = [flow["id"] for flow in flows if flow["id"] in FLOWS]
    pending = [flow["id"] for flow in flows if flow.get("is_pending")]
    for flow in [*pending, *known]:
        if flow in FLOWS:
            members = {"flow": flow} | ({"token": token} if flow in pending else {})
            return Refused(code, FLOWS[flow], **members)
    return Refused(code, REASONS.get(code, "This is not possible now."))
