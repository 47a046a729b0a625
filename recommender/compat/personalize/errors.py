"""Errors in the form that AWS's clients raise by name."""

from __future__ import annotations

from typing import ClassVar

from django.http import JsonResponse


class ServiceError(Exception):
    """Clients raise `code` with the message; `status` is the HTTP status."""

    code: ClassVar[str]
    status: ClassVar[int]

    def __init_subclass__(cls, *, code: str, status: int = 400) -> None:
        cls.code, cls.status = f"{code}Exception", status

    def response(self) -> JsonResponse:
        return JsonResponse(
            {"__type": self.code, "message": str(self)},
            status=self.status,
            headers={"x-amzn-ErrorType": self.code},
        )


class InvalidInput(ServiceError, code="InvalidInput"):
    """A member is missing, malformed or not supported."""


class Unserializable(ServiceError, code="Serialization"):
    """The body is no JSON object of the operation's shape."""


class TooLarge(ServiceError, code="RequestEntityTooLarge", status=413):
    """The body is longer than the server reads."""


class ResourceNotFound(ServiceError, code="ResourceNotFound", status=404):
    """An ARN names nothing that exists."""


class ResourceInUse(ServiceError, code="ResourceInUse", status=409):
    """An import has locked the rows to write."""


class UnknownOperation(ServiceError, code="UnknownOperation", status=404):
    """The address or the method is no operation."""


class MissingAuthenticationToken(
    ServiceError, code="MissingAuthenticationToken", status=403
):
    """The request is not signed."""


class IncompleteSignature(ServiceError, code="IncompleteSignature", status=403):
    """Something is missing from the signature."""


class UnrecognizedClient(ServiceError, code="UnrecognizedClient", status=403):
    """No service client has the access key."""


class InvalidSignature(ServiceError, code="InvalidSignature", status=403):
    """The signature is another one, or too old."""
