"""Keyset pagination, for pages and for the API.

A cursor names the last row of a page by its position and primary key, so that a list
neither repeats nor skips a row while others are added. The API takes `?cursor=&limit=`
and answers with `results` and `next_cursor`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.core.exceptions import BadRequest
from django.db.models import Model, Q, QuerySet
from drf_spectacular.drainage import set_override
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from rest.requests import validated_query

Row = TypeVar("Row", bound=Model)
MAX_LIMIT = 100  # rows
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Slice(Generic[Row]):
    rows: list[Row]
    next_cursor: str  # empty at the end of the list


def newest_first(
    rows: QuerySet[Row], *, moment: str, cursor: str, size: int
) -> Slice[Row]:
    """Up to `size` of `rows`, ordered by `moment`, a field or annotation without NULLs.

    `cursor` is empty or the `next_cursor` of the previous slice; any other raises
    `BadRequest`. Rows with the same moment are ordered by primary key.
    """
    return _slice(
        rows,
        moment,
        cursor,
        size,
        from_integer=lambda integer: EPOCH + integer * MICROSECOND,
        to_integer=lambda value: (value - EPOCH) // MICROSECOND,
    )


def greatest_first(
    rows: QuerySet[Row], *, number: str, cursor: str, size: int
) -> Slice[Row]:
    """As `newest_first`, ordered by an integer field or annotation."""
    return _slice(rows, number, cursor, size, from_integer=int, to_integer=int)


def _slice(
    rows: QuerySet[Row],
    field: str,
    cursor: str,
    size: int,
    *,
    from_integer: Callable[[int], Any],
    to_integer: Callable[[Any], int],
) -> Slice[Row]:
    """A cursor is `FIELD.PK` of the last row, with the field as an integer."""
    if cursor:
        try:
            integer, pk = (int(part) for part in cursor.split("."))
            last = from_integer(integer)
        except (ValueError, OverflowError) as error:
            raise BadRequest("This cursor is not valid.") from error
        # The first condition lets PostgreSQL begin within an index.
        rows = rows.filter(**{f"{field}__lte": last}).filter(
            Q(**{f"{field}__lt": last}) | Q(pk__lt=pk)
        )
    results = list(rows.order_by(f"-{field}", "-pk")[: size + 1])
    if len(results) <= size:
        return Slice(results, "")
    end = results[size - 1]
    return Slice(results[:size], f"{to_integer(getattr(end, field))}.{end.pk}")


class LimitSerializer(serializers.Serializer[Any]):
    """How many rows one response holds.

    Query parameters are validated as a `dict()`: given a `QueryDict`, DRF would treat
    an empty parameter as a missing one.
    """

    limit = serializers.IntegerField(
        required=False,
        default=settings.FEED_PAGE_SIZE,
        min_value=1,
        max_value=MAX_LIMIT,
    )


class PageSerializer(LimitSerializer):
    """The parameters of every list."""

    cursor = serializers.RegexField(
        # Negative for a moment before 1970; none is before the year 69.
        r"^(-[0-5]?[0-9]{1,16}|[0-9]{1,17})\.[0-9]{1,17}$",
        required=False,
        help_text="`next_cursor` of the previous page; omit it for the first page.",
    )


@cache
def page_serializer(row: type[serializers.BaseSerializer[Any]]) -> Any:
    """The serializer of a page of `row`, for the schema."""
    name = row.__name__.removesuffix("Serializer")
    page = inline_serializer(
        f"{name}Page",
        {
            "results": row(many=True),
            "next_cursor": serializers.CharField(
                allow_null=True,
                help_text="`cursor` of the next page; null on the last page.",
            ),
        },
    )
    set_override(page, "many", False)  # it is the list: no list of pages
    return page


def paginated_response(
    request: Request,
    rows: QuerySet[Row],
    *,
    moment: str,
    represent: Callable[[list[Row]], Any],
) -> Response:
    """A page of `rows`, newest first by `moment`, a field without NULLs."""
    values = validated_query(request, PageSerializer)
    size, cursor = values["limit"], values.get("cursor", "")
    return page_response(
        newest_first(rows, moment=moment, cursor=cursor, size=size), represent
    )


def page_response(page: Slice[Row], represent: Callable[[list[Row]], Any]) -> Response:
    results = represent(page.rows)
    return Response({"results": results, "next_cursor": page.next_cursor or None})
