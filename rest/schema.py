"""Additions to drf-spectacular's schema: errors and request headers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from rest.problems import CONTENT_TYPE, ProblemSerializer

ERRORS = {
    400: "The request is not valid; `errors` gives the reasons by field.",
    401: "Log in first.",
    403: "You may not do this.",
    404: "It does not exist, or you may not see it.",
    409: "It conflicts with the current state.",
    412: "It was changed since you read it.",
    413: "The request is too large.",
    415: "The body has an unsupported media type.",
    422: "The idempotency key was used with another request.",
    429: "Too many requests: wait the seconds of `Retry-After`.",
}


class Schema(AutoSchema):
    """The schema of one operation, with its errors and conditional headers.

    A view declares further error statuses in `problems`, a mapping of methods to
    status codes, and ETags with `versioned`. A decorator of a handler may set
    `schema_parameters` and `schema_problems` on it.
    """

    def get_operation_id(self) -> str:
        """`feeds_home_list`, not `_retrieve`, for lists in pages."""
        name: str = super().get_operation_id()
        if name.endswith("_retrieve") and any(
            parameter["name"] == "cursor" for parameter in self._get_parameters()
        ):
            return name.removesuffix("retrieve") + "list"
        return name

    def get_auth(self) -> list[dict[str, Any]]:
        """No security requirement; client generators misread an empty one."""
        auth: list[dict[str, Any]] = super().get_auth()
        return [] if auth == [{}] else auth

    def get_override_parameters(self) -> list[Any]:
        parameters = [*getattr(self._handler, "schema_parameters", ())]
        if self._versioned:
            name = "If-None-Match" if self.method == "GET" else "If-Match"
            meaning = (
                "An `ETag` that you have: if nothing changed, the response is 304."
                if self.method == "GET"
                else "The `ETag` of what you read: if it was edited since, nothing "
                "is changed and the response is 412."
            )
            parameters.append(
                OpenApiParameter(
                    name, str, OpenApiParameter.HEADER, description=meaning
                )
            )
        return parameters

    @property
    def _versioned(self) -> bool:
        """Whether the operation is on one object of a view with `versioned`."""
        on_object = getattr(self.view, "detail", True)  # a router sets it on view sets
        return on_object and getattr(self.view, "versioned", False)

    @property
    def _handler(self) -> Any:
        name = getattr(self.view, "action", None) or self.method.lower()
        return getattr(self.view, name, None)

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if self._versioned and self.method == "GET":
            bodies["304"] = {"description": "Not changed since your `ETag`."}
        for status in sorted(self._errors()):
            bodies.setdefault(str(status), self._problem(status))
        return dict(sorted(bodies.items()))

    def _errors(self) -> set[int]:
        view, method = self.view, self.method
        # Every view rejects a token of an ended session.
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
        errors |= {*getattr(self._handler, "schema_problems", ())}
        if self._versioned and method != "GET":
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
