"""Inserts whose commit does not wait for the disk (`synchronous_commit`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, models


def insert(model: type[models.Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows of column values with one statement for each.

    For rows of feeds, which nobody misses: a crash of the server may lose those of its
    last moments, and viewers then get a fresh feed. In a transaction, its commit waits.
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
