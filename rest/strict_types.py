"""A base of request serializers that rejects JSON values of another type.

DRF accepts 5 for "5", "yes" for true, and an object for the list of its keys. A client
that sends those has a bug, so it gets an error. Form data has no types and is left to
DRF.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.utils.html import is_html_input

# The first match counts. `True` is an `int` in Python, but not in JSON.
TYPES: list[tuple[Any, tuple[type, ...], str]] = [
    (serializers.BooleanField, (bool,), "true or false"),
    ((serializers.IntegerField, serializers.FloatField), (int, float), "a number"),
    ((serializers.CharField, serializers.UUIDField), (str,), "a string"),
    ((serializers.ListField, serializers.ManyRelatedField), (list,), "a list"),
]


# No docstring: the schema would show it for every subclass.
class StrictTypes(serializers.Serializer[Any]):
    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and not is_html_input(data):
            errors = {
                str(field.field_name): [f"This must be {expected}."]
                for field in self._writable_fields
                if (expected := _expected_type(field, data.get(field.field_name)))
            }
            if errors:
                raise serializers.ValidationError(errors)
        return super().to_internal_value(data)


def _expected_type(field: Any, value: Any) -> str:
    """The name of the type that `value` should have; empty if it has it, or is null."""
    for fields, types, name in TYPES:
        if isinstance(field, fields):
            wrong = not isinstance(value, types) or (
                isinstance(value, bool) and bool not in types
            )
            return name if wrong and value is not None else ""
    return ""
