"""Errors in the form that AWS's clients raise by name."""

from __future__ import annotations

from typing import ClassVar

from django.http import JsonResponse


class ServiceError(Exception):
    """A client raises `code` with the message."""

    code: ClassVar[str]
    status: ClassVar[int] = 400

    def response(self) -> JsonResponse:
        return JsonResponse(
            {"__type": self.code, "message": str(self)},
            status=self.status,
            headers={"x-amzn-ErrorType": self.code},
        )


class InvalidInput(ServiceError):
    code = "InvalidInputException"


class Unserializable(ServiceError):
    code = "SerializationException"


class TooLarge(ServiceError):
    code = "RequestEntityTooLargeException"
    status = 413


class ResourceNotFound(ServiceError):
    code = "ResourceNotFoundException"
    status = 404


class ResourceInUse(ServiceError):
    code = "ResourceInUseException"
    status = 409


class UnknownOperation(ServiceError):
    code = "UnknownOperationException"
    status = 404


class MissingAuthenticationToken(ServiceError):
    code = "MissingAuthenticationTokenException"
    status = 403


class IncompleteSignature(ServiceError):
    code = "IncompleteSignatureException"
    status = 403


class UnrecognizedClient(ServiceError):
    code = "UnrecognizedClientException"
    status = 403


class InvalidSignature(ServiceError):
    code = "InvalidSignatureException"
    status = 403
