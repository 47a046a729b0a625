"""Slices of a list neither repeat nor skip a row, whatever is added meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import BadRequest
from django.db.models import Case, DateTimeField, Value, When
from django.db.models.functions import Length
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from rest.pagination import greatest_first, newest_first, paginated_response

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def make_groups(*names: str) -> None:
    for name in names:
        Group.objects.create(name=name)


def by_length():
    return Group.objects.annotate(length=Length("name"))


def by_moment():
    """`a...` is an hour newer than all others."""
    return Group.objects.annotate(
        at=Case(
            When(name__startswith="a", then=Value(NOON + timedelta(hours=1))),
            default=Value(NOON),
            output_field=DateTimeField(),
        )
    )


def names(part) -> list[str]:
    return [row.name for row in part.rows]


def test_a_slice_goes_on_after_the_last_row_of_the_one_before():
    make_groups("a", "bb", "cc", "dddd")
    first = greatest_first(by_length(), number="length", cursor="", size=2)
    assert names(first) == ["dddd", "cc"]
    make_groups("eeeee")  # before the first slice: it does not move the second
    second = greatest_first(
        by_length(), number="length", cursor=first.next_cursor, size=2
    )
    assert (names(second), second.next_cursor) == (["bb", "a"], "")


def test_rows_of_one_moment_are_ordered_by_key():
    make_groups("a1", "b1", "a2", "b2", "b3")
    seen, cursor = [], ""
    while True:
        part = newest_first(by_moment(), moment="at", cursor=cursor, size=2)
        seen += names(part)
        cursor = part.next_cursor
        if not cursor:
            break
    assert seen == ["a2", "a1", "b3", "b2", "b1"]


@pytest.mark.parametrize("cursor", ["x", "1", "1.2.3", "9999999999999999999.1"])
def test_a_cursor_that_no_slice_gave_is_refused(cursor: str):
    with pytest.raises(BadRequest):
        newest_first(by_moment(), moment="at", cursor=cursor, size=2)


def page(**parameters: str) -> dict:
    request = Request(APIRequestFactory().get("/", parameters))
    response = paginated_response(
        request, by_moment(), moment="at", represent=lambda rows: [r.name for r in rows]
    )
    return response.data


def test_a_response_holds_the_limit_and_the_next_cursor():
    make_groups("b1", "b2", "b3")
    first = page(limit="2")
    assert first["results"] == ["b3", "b2"]
    last = page(limit="2", cursor=first["next_cursor"])
    assert last == {"results": ["b1"], "next_cursor": None}


@pytest.mark.parametrize(
    "parameters", [{"limit": "0"}, {"limit": "101"}, {"limit": ""}, {"cursor": "x"}]
)
def test_parameters_that_are_not_valid_are_named(parameters):
    with pytest.raises(ValidationError) as caught:
        page(**parameters)
    assert list(caught.value.detail) == list(parameters)
