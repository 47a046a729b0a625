"""Lists of the API: `?cursor=&limit=`, answered with `results` and `next_cursor`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from rest.keyset import Slice, newest_first
from rest.requests import query

Row = TypeVar("Row", bound=Model)
MOST = 100  # rows of one answer


class LimitSerializer(serializers.Serializer[Any]):
    """How much of a list to give at once.

    Parameters are validated as a `dict()`: of a form, DRF would take an empty one as
    one that was not sent.
    """

    limit = serializers.IntegerField(
        required=False, default=settings.FEED_PAGE_SIZE, min_value=1, max_value=MOST
    )


class PageSerializer(LimitSerializer):
    """What every list takes."""

    cursor = serializers.RegexField(
        r"^[0-9]{1,17}\.[0-9]{1,17}$",
        required=False,
        help_text="`next_cursor` of the page before; without it the list begins.",
    )


@cache
def page_of(row: type[serializers.BaseSerializer[Any]]) -> Any:
    """The form of a page of `row`, for the schema."""
    name = row.__name__.removesuffix("Serializer")
    return inline_serializer(
        f"{name}Page",
        {
            "results": row(many=True),
            "next_cursor": serializers.CharField(
                allow_null=True, help_text="`cursor` of the next page; null at the end."
            ),
        },
    )


def paged(
    request: Request,
    rows: QuerySet[Row],
    *,
    moment: str,
    represent: Callable[[list[Row]], Any],
) -> Response:
    """A page of `rows`, newest first by `moment`, a field without NULLs."""
    asked = query(request, PageSerializer)
    size, cursor = asked["limit"], asked.get("cursor", "")
    part = newest_first(rows, moment=moment, cursor=cursor, size=size)
    return answer(part, represent)


def answer(part: Slice[Row], represent: Callable[[list[Row]], Any]) -> Response:
    results = represent(part.rows)
    return Response({"results": results, "next_cursor": part.next_cursor or None})
