"""Errors of the API in the form of RFC 9457: `application/problem+json`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """What DRF would answer to `error`, as a problem; None for what is a bug."""
    response = exception_handler(error, context)
    if response is None:
        return None
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(response.status_code).phrase,
        "status": response.status_code,
    }
    if isinstance(error, ValidationError):
        body["detail"] = "Some values are not valid."
        body["errors"] = response.data
    else:
        body["detail"] = str(getattr(error, "detail", error))
    response.data = body
    response.content_type = "application/problem+json"
    return response
