"""Filling tables fast: COPY from arrays, and indexes built afterwards."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from django.db import connection, models
from numpy.typing import NDArray

AT_ONCE = 500_000  # rows in one COPY
SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
EPOCH = np.datetime64("2000-01-01", "us")  # of PostgreSQL's times

# Indexes of a table other than its primary key, with the constraint that owns each.
INDEXES = """
SELECT index.indexrelid::regclass::text, pg_get_indexdef(index.indexrelid),
    owner.conname, pg_get_constraintdef(owner.oid)
FROM pg_index AS index
LEFT JOIN pg_constraint AS owner
    ON owner.conindid = index.indexrelid AND owner.contype = 'u'
WHERE index.indrelid = %s::regclass AND NOT index.indisprimary
"""


def copy_arrays(table: str, columns: Mapping[str, NDArray[Any]]) -> None:
    """Append rows with these columns, which have equal lengths.

    PostgreSQL's binary format has no conversions, so that types must be those of the
    table: int32, int64, float64, bool, datetime64[us] (timestamptz), V16 (uuid). Texts
    (S) must fill their width.
    """
    values = {name: _big_endian(array) for name, array in columns.items()}
    fields: list[tuple[str, Any]] = [("fields", ">i2")]
    for name, array in values.items():
        fields += [(f"size of {name}", ">i4"), (name, array.dtype)]
    count = len(next(iter(values.values())))
    for start in range(0, count, AT_ONCE):
        rows = np.empty(min(AT_ONCE, count - start), np.dtype(fields))
        rows["fields"] = len(values)
        for name, array in values.items():
            rows[f"size of {name}"] = array.dtype.itemsize
            rows[name] = array[start : start + len(rows)]
        _copy(table, list(values), SIGNATURE + rows.tobytes() + TRAILER, "binary")


def _big_endian(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind == "M":
        return (array - EPOCH).astype("timedelta64[us]").astype(">i8")
    if array.dtype.kind == "b":
        return array.astype(np.uint8)
    return array.astype(array.dtype.newbyteorder(">"))


def copy_models(rows: Iterable[models.Model], kind: type[models.Model]) -> None:
    """Append model instances, with their primary keys if they have any."""
    fields = [f for f in kind._meta.concrete_fields if not f.generated]
    batch: list[str] = []
    with_key = False
    for row in rows:
        with_key = row.pk is not None
        used = fields if with_key else [f for f in fields if not f.primary_key]
        batch.append("\t".join(_text(getattr(row, f.attname)) for f in used))
    if not batch:
        return
    names = [str(f.column) for f in fields if with_key or not f.primary_key]
    _copy(kind._meta.db_table, names, "\n".join(batch).encode(), "text")


def _text(value: object) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, list):
        value = "{" + ",".join(f'"{item}"' for item in value) + "}"
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def _copy(table: str, columns: Sequence[str], data: bytes, form: str) -> None:
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY {connection.ops.quote_name(table)} ({names})"
            f" FROM STDIN WITH (FORMAT {form})",
            io.BytesIO(data),
        )


@contextmanager
def bulk_load(tables: Sequence[str]) -> Iterator[None]:
    """Within a transaction, load `tables` without triggers and secondary indexes.

    The outbox of the graph stays empty, and foreign keys are not checked. Only a
    superuser of PostgreSQL may do this; the embedded server's user is one.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
        cursor.execute("SET LOCAL work_mem = '512MB'")
        again = [statement for table in tables for statement in _drop_indexes(table)]
    yield
    with connection.cursor() as cursor:
        for statement in again:
            cursor.execute(statement)


def _drop_indexes(table: str) -> list[str]:
    """Drop the indexes of a table; returns the statements that create them."""
    statements = []
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [table])
        for index, definition, constraint, rule in cursor.fetchall():
            if constraint is None:
                cursor.execute(f"DROP INDEX {index}")
                statements.append(definition)
            else:
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{constraint}"')
                statements.append(
                    f'ALTER TABLE {table} ADD CONSTRAINT "{constraint}" {rule}'
                )
    return statements
