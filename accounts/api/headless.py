"""Asking allauth: its headless views do the work, the API keeps its own forms.

A view here validates what was sent, hands it to allauth's view for apps with the same
token, and turns allauth's answer into the API's: data, or a problem.
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
    """What allauth said; `token` is the one that holds from now on."""

    token: str | None
    data: Any = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    status: int = status.HTTP_200_OK


class Refused(APIException):
    """A problem of allauth's; `members` stand beside the usual ones."""

    def __init__(self, code: int, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.status_code = code
        self.members = members
        if code == status.HTTP_401_UNAUTHORIZED:
            self.auth_header = "Bearer"


REASONS = {
    401: "Log in first.",
    403: "This is not open to you.",
    404: "There is none.",
    409: "This does not fit the state that the session is in.",
}
FLOWS = {
    "mfa_authenticate": "Send the code of your authenticator to go on.",
    "reauthenticate": "Send your password again first: this needs a recent log-in.",
    "mfa_reauthenticate": "Send your password again first: this needs a recent log-in.",
    "verify_email": "Confirm your e-mail address to go on.",
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
        """`method` is the request's own unless said otherwise.

        Raises `ValidationError`, `Throttled`, or `Refused` for any status that is not
        among `accept`.
        """
        http = request._request
        http._body = json.dumps(data or {}).encode()  # what was read, as validated
        asked, http.method = http.method, method or http.method
        try:
            response: Any = self._view(http)
        except ImmediateHttpResponse as immediate:
            response = immediate.response
        finally:
            http.method = asked
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
    found: dict[str, list[str]] = {}
    for error in errors:
        found.setdefault(error.get("param", "non_field_errors"), []).append(
            error["message"]
        )
    return found


def _refused(code: int, body: Mapping[str, Any], token: str | None) -> Refused:
    if code == status.HTTP_410_GONE:
        return Refused(401, "This token is of no session: log in again.")
    if errors := body.get("errors"):
        return Refused(code, " ".join(error["message"] for error in errors))
    flows = (body.get("data") or {}).get("flows", [])
    known = [flow["id"] for flow in flows if flow["id"] in FLOWS]
    pending = [flow["id"] for flow in flows if flow.get("is_pending")]
    for flow in [*pending, *known]:
        if flow in FLOWS:
            members = {"flow": flow} | ({"token": token} if flow in pending else {})
            return Refused(code, FLOWS[flow], **members)
    return Refused(code, REASONS.get(code, "This cannot be done now."))
