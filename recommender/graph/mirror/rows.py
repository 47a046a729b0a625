"""Rows of a part of the graph in PostgreSQL: the key, then the values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection, transaction

from recommender.graph.mirror.schema import Part

Key = tuple[int, ...]  # (id,) of a node, (source, target) of a relationship
Row = tuple[Any, ...]
Range = tuple[int, int]  # of the first column of the key, the end excluded

LOWEST, HIGHEST = -(2**63), 2**63 - 1


def current(part: Part, keys: Collection[Key]) -> list[Row]:
    """The rows with these keys that exist now."""
    columns = ", ".join(part.key)
    arrays = ", ".join(["%s::bigint[]"] * len(part.key))
    return _select(
        f"SELECT part.* FROM ({part.select}) AS part"
        f" JOIN unnest({arrays}) AS wanted({columns}) USING ({columns})",
        [list(column) for column in zip(*keys, strict=True)],
    )


def between(part: Part, limits: Range) -> list[Row]:
    """The rows whose first key column is in `limits`."""
    first = part.key[0]
    return _select(
        f"SELECT * FROM ({part.select}) AS part WHERE {first} >= %s AND {first} < %s",
        limits,
    )


def by_source(relation: Sequence[Row]) -> list[tuple[int, list[Row]]]:
    """Rows of a relation, sorted by source, grouped by source."""
    return [
        (source, [row[1:] for row in of_source])
        for source, of_source in groupby(relation, itemgetter(0))
    ]


def ranges(part: Part, size: int) -> Iterator[Range]:
    """Ranges of about `size` rows that together cover every key, also those that only
    Neo4j has. A source with more rows is not split."""
    first = part.key[0]
    ends = _select(
        f"SELECT DISTINCT {first} FROM (SELECT {first}, row_number() OVER (ORDER BY"
        f" {first}) AS number FROM ({part.select}) AS part) AS numbered"
        f" WHERE number %% %s = 0 ORDER BY {first}",
        [size],
    )
    low = LOWEST
    for (end,) in ends:
        if end > low:
            yield low, end
            low = end
    yield low, HIGHEST


@contextmanager
def one_moment() -> Iterator[None]:
    """A transaction in which all queries see the same rows."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _select(sql: str, parameters: Sequence[Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[Row] = cursor.fetchall()
    return rows
