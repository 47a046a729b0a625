"""Rows that a feed leaves behind, inserted without waiting for the disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, models


def insert_soon(model: type[models.Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows of column values with one statement for each.

    Outside a transaction the commit does not wait for the disk: a crash of the server
    may lose the rows of its last moments, and viewers then get a fresh feed.
    """
    quote = connection.ops.quote_name
    prefix = "" if connection.in_atomic_block else "SET LOCAL synchronous_commit = off;"
    with connection.cursor() as cursor:
        for row in rows:
            columns = ", ".join(quote(name) for name in row)
            values = ", ".join(["%s"] * len(row))
            table = quote(model._meta.db_table)
            cursor.execute(
                f"{prefix} INSERT INTO {table} ({columns}) VALUES ({values})",
                list(row.values()),
            )
