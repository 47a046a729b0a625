"""Data of responses, by serializers that are kept.

DRF builds all fields of a serializer anew for each use, which takes longer than to
represent a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import local
from typing import Any

from rest_framework.serializers import BaseSerializer

_kept = local()  # a serializer has one context at a time, so each thread has its own


def represent(
    serializer_class: type[BaseSerializer[Any]],
    instance: Any,
    context: Mapping[str, Any],
    *,
    many: bool = False,
) -> Any:
    """As `serializer_class(instance, many=many, context=context).data`."""
    kept: dict[type[BaseSerializer[Any]], BaseSerializer[Any]]
    kept = _kept.__dict__.setdefault("serializers", {})
    serializer: Any = kept.get(serializer_class)
    if serializer is None:
        serializer = kept[serializer_class] = serializer_class()
    serializer._context = context
    try:
        if many:
            return [serializer.to_representation(row) for row in instance]
        return serializer.to_representation(instance)
    finally:
        serializer._context = {}
