"""Errors in the form that AWS's clients raise by name."""

from __future__ import annotations

from typing import ClassVar

from django.http import JsonResponse


class ServiceError(Exception):
    """A client raises `code` with the message; `status` is that of the answer."""

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
    """A member is missing, malformed, or asks for what is not served."""


class Unserializable(ServiceError, code="Serialization"):
    """The body is no JSON object of the operation's shape."""


class TooLarge(ServiceError, code="RequestEntityTooLarge", status=413):
    """The body is longer than the server reads."""


class ResourceNotFound(ServiceError, code="ResourceNotFound", status=404):
    """What an ARN names does not exist."""


class ResourceInUse(ServiceError, code="ResourceInUse", status=409):
    """An import holds what is to be written."""


class UnknownOperation(ServiceError, code="UnknownOperation", status=404):
    """The address or the method is no operation."""


class MissingAuthenticationToken(
    ServiceError, code="MissingAuthenticationToken", status=403
):
    """The request is not signed."""


class IncompleteSignature(ServiceError, code="IncompleteSignature", status=403):
    """Something is missing from the signature."""


class UnrecognizedClient(ServiceError, code="UnrecognizedClient", status=403):
    """Nobody has the access key."""


class InvalidSignature(ServiceError, code="InvalidSignature", status=403):
    """The signature is another one, or too old."""
