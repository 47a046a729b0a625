"""Many rows in one statement, as JSON: PostgreSQL reads it faster than many values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec
from django.db import connection, models

UPSERT = """
INSERT INTO {table} (user_id, created_at, updated_at, {columns})
SELECT %s, now(), now(), {columns} FROM json_to_recordset(%s) AS row ({typed})
ORDER BY {key}
ON CONFLICT (user_id, {key}) DO UPDATE SET updated_at = now(), {changes}
"""


def upsert(
    model: type[models.Model],
    *,
    user_id: int,
    rows: Sequence[msgspec.Struct],
    key: tuple[str, ...],
) -> None:
    """Insert rows of a person, or update those with the same `key`.

    The fields of a row have the names of the columns.
    """
    if not rows:
        return
    statement = _statement(model, type(rows[0]).__struct_fields__, key)
    with connection.cursor() as cursor:
        cursor.execute(statement, [user_id, msgspec.json.encode(rows).decode()])


@cache
def _statement(
    model: type[models.Model], columns: tuple[str, ...], key: tuple[str, ...]
) -> str:
    types = {
        field.column: field.rel_db_type(connection)
        if field.is_relation
        else field.db_type(connection)
        for field in model._meta.concrete_fields
    }
    return UPSERT.format(
        table=model._meta.db_table,
        columns=", ".join(columns),
        typed=", ".join(f"{column} {types[column]}" for column in columns),
        key=", ".join(key),
        changes=", ".join(
            f"{column} = excluded.{column}" for column in columns if column not in key
        ),
    )
