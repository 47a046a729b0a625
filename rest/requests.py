"""Validated input of API requests."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.serializers import Serializer


def validated_body(
    request: Request, serializer_class: type[Serializer[Any]]
) -> dict[str, Any]:
    """The validated values of the body. Raises DRF's `ValidationError`."""
    return _validated(serializer_class, request.data)


def validated_query(
    request: Request, serializer_class: type[Serializer[Any]]
) -> dict[str, Any]:
    """The validated query parameters. Raises DRF's `ValidationError`."""
    return _validated(serializer_class, request.query_params.dict())


def _validated(serializer_class: type[Serializer[Any]], data: Any) -> dict[str, Any]:
    serializer = serializer_class(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
