"""Long lists in slices that neither repeat nor skip a row when others are added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

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
    if cursor:
        last, pk = _parse(cursor)
        rows = rows.filter(
            Q(**{f"{moment}__lt": last}) | Q(**{moment: last}, pk__lt=pk)
        )
    found = list(rows.order_by(f"-{moment}", "-pk")[: size + 1])
    if len(found) <= size:
        return Slice(found, "")
    return Slice(
        found[:size], _cursor(getattr(found[size - 1], moment), found[size - 1].pk)
    )


def _cursor(moment: datetime, pk: int) -> str:
    return f"{(moment - EPOCH) // MICROSECOND}.{pk}"


def _parse(cursor: str) -> tuple[datetime, int]:
    try:
        moment, pk = (int(part) for part in cursor.split("."))
        return EPOCH + moment * MICROSECOND, pk
    except (ValueError, OverflowError) as error:
        raise BadRequest("This is not where a list goes on.") from error
