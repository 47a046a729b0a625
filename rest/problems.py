"""Errors of the API as RFC 9457 problems: `application/problem+json`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import serializers
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler

from rest.texts import is_unstorable

CONTENT_TYPE = "application/problem+json"
NOT_FOUND = "It does not exist, or you may not see it."


class BodyTooLarge(APIException):
    status_code = 413
    default_detail = "The body is too large."


class ProblemSerializer(serializers.Serializer[Any]):
    """An error, for programs (`status`, `errors`) and for people (`detail`)."""

    type = serializers.CharField(help_text="`about:blank`: the status is the type.")
    title = serializers.CharField(help_text="The name of the status.")
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]  # DRF takes the name
        required=False,
        help_text="Messages by field, for values that are not valid.",
    )


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler, with a problem as its response.

    Returns None for an exception that is a bug.
    """
    if isinstance(error, BadRequest):
        error = ParseError(str(error))
    elif is_unstorable(error):
        error = ParseError(
            "A text has characters that cannot be stored: NUL or parts "
            "of surrogate pairs."
        )
    elif isinstance(error, DjangoValidationError):
        error = ValidationError(as_serializer_error(error))
    elif isinstance(error, RequestDataTooBig):
        error = BodyTooLarge()
    response = exception_handler(error, context)
    if response is None:
        return None
    errors = None
    if isinstance(error, ValidationError):
        detail, errors = "Some values are not valid.", response.data
        if not isinstance(errors, dict):
            errors = {"non_field_errors": errors}
    else:
        detail = NOT_FOUND if isinstance(error, Http404) else response.data["detail"]
    response.data = _body(response.status_code, detail, errors)
    if isinstance(error, APIException) and hasattr(error, "members"):
        response.data |= error.members
    response.content_type = CONTENT_TYPE
    return response


def _body(
    status: int, detail: str, errors: dict[str, Any] | None = None
) -> dict[str, Any]:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return body if errors is None else body | {"errors": errors}


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler404`: no route matches, or a view raised `Http404`."""
    if is_api(request):
        return problem_response(404, NOT_FOUND)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`."""
    if is_api(request):
        return problem_response(500, "Something went wrong on our side.")
    return defaults.server_error(request)


def is_api(request: HttpRequest) -> bool:
    """Whether errors are problems here, not pages."""
    return request.path.startswith("/api/")


def problem_response(status: int, detail: str) -> HttpResponse:
    return JsonResponse(_body(status, detail), status=status, content_type=CONTENT_TYPE)
