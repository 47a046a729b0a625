"""Advisory locks of PostgreSQL: one program at a time, across processes and machines.

A key is one bigint or a pair of integers. PostgreSQL releases the locks of a process
that is killed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import Error, OperationalError, connection

Key = int | tuple[int, int]
AT_ONCE = timedelta()
POLL = 0.1  # seconds between two attempts


@contextmanager
def advisory_lock(
    key: Key, *, taken: Exception, wait: timedelta = AT_ONCE
) -> Iterator[None]:
    """Hold the lock of this database session while the block runs.

    Raises `taken` if another session still holds it after `wait`.
    """
    deadline = time.monotonic() + wait.total_seconds()
    while not _call("pg_try_advisory_lock", key):
        if time.monotonic() >= deadline:
            raise taken
        time.sleep(POLL)
    try:
        yield
    finally:
        _release(key)


def lock_until_commit(key: Key) -> None:
    """Wait for the lock and hold it until the current transaction ends."""
    _call("pg_advisory_xact_lock", key)


def lock_until_commit_within(wait: timedelta, key: Key, *, taken: Exception) -> None:
    """The same, but raise `taken` if another session still holds the lock after `wait`;
    the transaction must then be rolled back."""
    milliseconds = max(1, wait // timedelta(milliseconds=1))  # 0: without a limit
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true)", [f"{milliseconds}ms"]
        )
        try:
            _call("pg_advisory_xact_lock", key)
        except OperationalError:
            raise taken from None
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")


def try_lock_until_commit(key: Key) -> bool:
    """Take the lock until the current transaction ends; False if it is held already."""
    return bool(_call("pg_try_advisory_xact_lock", key))


def hold_shared(key: Key) -> None:
    """Hold the lock, shared, until the connection closes."""
    _call("pg_advisory_lock_shared", key)


def is_held(key: Key) -> bool:
    """Whether any session holds the lock."""
    # pg_locks shows a bigint as its two halves, and a pair as it is.
    pair = isinstance(key, tuple)
    first, second = key if isinstance(key, tuple) else (key >> 32, key)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND"
            " database = (SELECT oid FROM pg_database WHERE datname ="
            " current_database()) AND classid = %s AND objid = %s AND objsubid = %s"
            " AND granted)",
            [first & 0xFFFFFFFF, second & 0xFFFFFFFF, 2 if pair else 1],
        )
        return bool(cursor.fetchone()[0])


def _release(key: Key) -> None:
    try:
        _call("pg_advisory_unlock", key)
    except Error:
        connection.close()  # which releases the lock, too


def _call(function: str, key: Key) -> object:
    numbers = key if isinstance(key, tuple) else (key,)
    places = ", ".join(["%s"] * len(numbers))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}({places})", numbers)
        return cursor.fetchone()[0]
