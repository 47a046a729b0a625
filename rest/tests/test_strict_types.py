"""JSON values must have the types of the schema; form data has none."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from rest_framework import serializers

from rest.strict_types import StrictTypes


class Body(StrictTypes):
    name = serializers.CharField(required=False, allow_null=True)
    size = serializers.IntegerField(required=False)
    open = serializers.BooleanField(required=False)
    tags = serializers.ListField(child=serializers.CharField(), required=False)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"name": 5}, "This must be a string."),
        ({"size": "5"}, "This must be a number."),
        ({"size": True}, "This must be a number."),
        ({"open": "yes"}, "This must be true or false."),
        ({"tags": {"a": 1}}, "This must be a list."),
    ],
)
def test_another_type_is_an_error_of_its_field(data, message: str):
    body = Body(data=data)
    assert not body.is_valid()
    assert body.errors == {next(iter(data)): [message]}


def test_the_right_types_and_null_are_accepted():
    body = Body(data={"name": None, "size": 5, "open": True, "tags": ["a"]})
    assert body.is_valid(), body.errors


def test_forms_are_left_to_drf():
    body = Body(data=QueryDict("size=5&open=yes"))
    assert body.is_valid(), body.errors
    assert (body.validated_data["size"], body.validated_data["open"]) == (5, True)
