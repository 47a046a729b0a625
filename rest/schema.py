"""What drf-spectacular cannot see by itself: errors, and the headers of requests."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from accounts.idempotency import HEADER, LONGEST
from rest.problems import CONTENT_TYPE, ProblemSerializer

ERRORS = {
    400: "Something in the request is not valid; `errors` says what.",
    401: "Log in first.",
    403: "Not for you.",
    404: "There is no such thing, or you may not see it.",
    409: "It does not fit what there is.",
    412: "It was changed since you read it.",
    413: "Too much at once.",
    415: "The body is in a form that is not understood.",
    422: "The idempotency key came with another request.",
    429: "Too many requests: `Retry-After` says how many seconds to wait.",
}


class Schema(AutoSchema):
    """Adds to each operation what every view here has in common.

    A view tells what else it may answer with `problems`, a mapping of methods to status
    codes, and that it compares versions with `versioned`.
    """

    def get_operation_id(self) -> str:
        """`feeds_home_list`, not `_retrieve`, for what comes in pages."""
        name: str = super().get_operation_id()
        if name.endswith("_retrieve") and any(
            parameter["name"] == "cursor" for parameter in self._get_parameters()
        ):
            return name.removesuffix("retrieve") + "list"
        return name

    def get_auth(self) -> list[dict[str, Any]]:
        """No requirement at all, where generators read an empty one as one."""
        auth: list[dict[str, Any]] = super().get_auth()
        return [] if auth == [{}] else auth

    def get_override_parameters(self) -> list[Any]:
        found = []
        if getattr(self._handler, "idempotent", False):
            found.append(
                OpenApiParameter(
                    HEADER,
                    {"type": "string", "minLength": 1, "maxLength": LONGEST},
                    OpenApiParameter.HEADER,
                    description="Made by the client, one for each thing to create: "
                    "sent again, it gives the same answer and creates nothing.",
                )
            )
        if getattr(self.view, "versioned", False):
            name = "If-None-Match" if self.method == "GET" else "If-Match"
            meaning = (
                "An `ETag` that you have: if it is still true, the answer is 304."
                if self.method == "GET"
                else "The `ETag` of what you read: if it was edited since, nothing "
                "is changed and the answer is 412."
            )
            found.append(
                OpenApiParameter(
                    name, str, OpenApiParameter.HEADER, description=meaning
                )
            )
        return found

    @property
    def _handler(self) -> Any:
        name = getattr(self.view, "action", None) or self.method.lower()
        return getattr(self.view, name, None)

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if getattr(self.view, "versioned", False) and self.method == "GET":
            bodies["304"] = {"description": "It is still as you have it."}
        for status in sorted(self._errors()):
            bodies.setdefault(str(status), self._problem(status))
        return dict(sorted(bodies.items()))

    def _errors(self) -> set[int]:
        view, method = self.view, self.method
        # A token that has ended is told of everywhere.
        errors = {401, 429, *getattr(view, "problems", {}).get(method, ())}
        if "{" in self.path:
            errors.add(404)
        writes = method in ("POST", "PUT", "PATCH")
        if writes and self.get_request_serializer() is not None:
            errors |= {400, 415}
        if method == "GET" and any(
            parameter["in"] == "query" for parameter in self._get_parameters()
        ):
            errors.add(400)
        if getattr(self._handler, "idempotent", False):
            errors |= {400, 422}
        if getattr(view, "versioned", False) and method != "GET":
            errors.add(412)
        return errors

    def _problem(self, status: int) -> dict[str, Any]:
        response = OpenApiResponse(ProblemSerializer, description=ERRORS[status])
        body = self._get_response_for_code(  # type: ignore[no-untyped-call]
            response, str(status), [CONTENT_TYPE]
        )
        if status == 429:
            body["headers"] = {
                "Retry-After": {
                    "description": "Seconds to wait.",
                    "schema": {"type": "integer", "minimum": 0},
                }
            }
        return dict(body)
