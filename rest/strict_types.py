"""A base for the bodies of requests: what the schema calls a string has to be one.

DRF takes 5 for "5", "yes" for true, and an object for the list of its keys. A client
that sends those has a mistake in it, and had better hear of it. Forms have no types
and are taken as DRF takes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.utils.html import is_html_input

# The first that a field is of counts. `True` is an `int` to Python, not to JSON.
TYPES: list[tuple[Any, tuple[type, ...], str]] = [
    (serializers.BooleanField, (bool,), "true or false"),
    ((serializers.IntegerField, serializers.FloatField), (int, float), "a number"),
    ((serializers.CharField, serializers.UUIDField), (str,), "a string"),
    ((serializers.ListField, serializers.ManyRelatedField), (list,), "a list"),
]


# Without a docstring: the schema would show it as that of every form.
class StrictTypes(serializers.Serializer[Any]):
    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and not is_html_input(data):
            errors = {
                str(field.field_name): [f"This has to be {wanted}."]
                for field in self._writable_fields
                if (wanted := _mismatch(field, data.get(field.field_name)))
            }
            if errors:
                raise serializers.ValidationError(errors)
        return super().to_internal_value(data)


def _mismatch(field: Any, value: Any) -> str:
    """What `value` should have been; empty if it is, or is null."""
    for fields, types, name in TYPES:
        if isinstance(field, fields):
            wrong = not isinstance(value, types) or (
                isinstance(value, bool) and bool not in types
            )
            return name if wrong and value is not None else ""
    return ""
