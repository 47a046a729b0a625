"""Locks that processes take through the database."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

from interactions import advisory_lock
from interactions.advisory_lock import lock_until_commit, lock_until_commit_within

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = pytest.mark.parametrize("key", [7, 0x6D6972726F72, (7, -3)])


class Taken(Exception):
    pass


@pytest.fixture
def other():
    """Another session of the same database, in a transaction of its own."""
    session = connection.copy()
    session.set_autocommit(False)
    yield session.cursor()
    session.close()


def hold(cursor, key):
    numbers = key if isinstance(key, tuple) else (key,)
    places = ", ".join(["%s"] * len(numbers))
    cursor.execute(f"SELECT pg_advisory_xact_lock({places})", numbers)


@KEYS
def test_it_is_held_while_the_block_runs(key):
    assert not advisory_lock.is_held(key)
    with advisory_lock.advisory_lock(key, taken=Taken()):
        assert advisory_lock.is_held(key)
    assert not advisory_lock.is_held(key)


@KEYS
def test_a_lock_that_another_session_holds_is_refused(key, other):
    hold(other, key)
    assert advisory_lock.is_held(key)
    with pytest.raises(Taken), advisory_lock.advisory_lock(key, taken=Taken()):
        pass
    with transaction.atomic():
        assert not advisory_lock.try_lock_until_commit(key)
    start = time.monotonic()
    wait = timedelta(milliseconds=30)
    with pytest.raises(Taken), transaction.atomic():
        lock_until_commit_within(wait, key, taken=Taken())
    assert time.monotonic() - start >= 0.03
    other.connection.rollback()
    with advisory_lock.advisory_lock(key, taken=Taken()):
        assert advisory_lock.is_held(key)


def test_an_error_in_the_block_releases_the_lock():
    with (
        pytest.raises(ZeroDivisionError),
        advisory_lock.advisory_lock(7, taken=Taken()),
    ):
        raise ZeroDivisionError
    assert not advisory_lock.is_held(7)


def test_a_lost_connection_releases_the_lock():
    with advisory_lock.advisory_lock(7, taken=Taken()), connection.cursor() as cursor:
        cursor.execute("SET idle_session_timeout TO 1")
        time.sleep(0.1)
    assert not advisory_lock.is_held(7)


def test_a_transaction_holds_its_locks_until_it_ends():
    with transaction.atomic():
        lock_until_commit(7)
        assert advisory_lock.is_held(7)
    assert not advisory_lock.is_held(7)
