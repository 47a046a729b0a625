"""Long lists in slices that neither repeat nor skip a row when others are added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.core.exceptions import BadRequest
from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
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

    `cursor` is empty or the `next_cursor` of the slice before; `BadRequest` is raised
    for any other. Rows of one moment are ordered by primary key.
    """
    return _slice(
        rows,
        moment,
        cursor,
        size,
        stored=lambda number: EPOCH + number * MICROSECOND,
        number=lambda value: (value - EPOCH) // MICROSECOND,
    )


def greatest_first(
    rows: QuerySet[Row], *, number: str, cursor: str, size: int
) -> Slice[Row]:
    """As `newest_first`, ordered by a whole `number`."""
    return _slice(rows, number, cursor, size, stored=int, number=int)


def _slice(
    rows: QuerySet[Row],
    field: str,
    cursor: str,
    size: int,
    *,
    stored: Callable[[int], Any],
    number: Callable[[Any], int],
) -> Slice[Row]:
    """A cursor is the last row's `field`, as a whole `number`, and its key."""
    if cursor:
        try:
            value, pk = (int(part) for part in cursor.split("."))
            last = stored(value)
        except (ValueError, OverflowError) as error:
            raise BadRequest("This is not where a list goes on.") from error
        rows = rows.filter(Q(**{f"{field}__lt": last}) | Q(**{field: last}, pk__lt=pk))
    found = list(rows.order_by(f"-{field}", "-pk")[: size + 1])
    if len(found) <= size:
        return Slice(found, "")
    end = found[size - 1]
    return Slice(found[:size], f"{number(getattr(end, field))}.{end.pk}")
