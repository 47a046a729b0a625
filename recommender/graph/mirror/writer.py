"""One writer at a time, and only to a mirror of this database.

A turn to write is an advisory lock of PostgreSQL. The lock can be lost with its
connection while Neo4j still works on a batch; so a turn also takes a number from the
`Mirror` node, and a batch commits only while its turn has the latest.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import Error, connection
from django.utils import timezone
from neo4j import Driver, Session
from neo4j.exceptions import DriverError, Neo4jError

from recommender.graph.mirror import rows
from recommender.graph.mirror.rows import Key
from recommender.graph.mirror.schema import FORMAT, MIRROR, Node, Part
from recommender.models import GraphMirror

LOCK = 0x6D6972726F72  # key of the advisory lock ("mirror")
BATCH = 5000  # keys in one transaction of Neo4j
TIMEOUT = 120.0  # seconds after which the server gives a transaction up
POLL = 0.1  # seconds between two looks whether a turn has come

Statement = tuple[str, dict[str, Any]]


class Busy(Exception):
    """Another program is writing to the mirror."""


class Superseded(Exception):
    """A later turn has begun; this one must not write any more."""


# What may come of working with a server elsewhere, beside other writers.
FAILURES = (DriverError, Neo4jError, Busy, Superseded, OSError)


@dataclass(frozen=True)
class Writer:
    """A turn. `complete` says whether Neo4j held a whole mirror of this database, of
    its `generation` and not ahead of it, when the turn began."""

    session: Session
    number: int
    generation: str
    complete: bool

    def commit(
        self, statements: Iterable[Statement], *, watermark: int | None = None
    ) -> None:
        """Run all in one transaction, the watermark in it; raises `Superseded`."""
        with self.session.begin_transaction(timeout=TIMEOUT) as transaction:
            # The first SET takes the lock, so that what follows reads the last word.
            mine = transaction.run(
                f"MATCH (m:{MIRROR} {{id: 1}}) SET m.touched = timestamp() WITH m"
                " WHERE m.writer = $number"
                " SET m.watermark = coalesce($watermark, m.watermark) RETURN m.id",
                number=self.number,
                watermark=watermark,
            )
            if mine.single() is None:
                raise Superseded("Another writer has taken over the mirror.")
            for cypher, parameters in statements:
                transaction.run(cypher, parameters).consume()
            transaction.commit()

    def in_batches(self, cypher: str) -> None:
        """Run one statement that commits as it goes (`CALL ... IN TRANSACTIONS`);
        raises `Superseded`."""
        self.commit([])
        self.session.run(cypher).consume()

    def mark(self, *, complete: bool) -> None:
        """Say whether the mirror is whole; begun anew, its watermark is 0.

        It is of the turn's generation: were changes dropped since, it is of an old one.
        """
        self.commit(
            [
                (
                    f"MATCH (m:{MIRROR} {{id: 1}}) SET m.complete = $complete,"
                    " m.format = $format, m.generation = $generation",
                    {
                        "complete": complete,
                        "format": FORMAT,
                        "generation": self.generation,
                    },
                )
            ],
            watermark=None if complete else 0,
        )

    def renew(self, part: Part, keys: Collection[Key], *, afresh: bool = False) -> None:
        """Make Neo4j say of `keys` what PostgreSQL says now.

        `afresh` removes them first, as relationships that are there twice need.
        """
        pending = list(keys)
        for start in range(0, len(pending), BATCH):
            self.commit(renewal(part, pending[start : start + BATCH], afresh=afresh))


def renewal(
    part: Part, keys: Collection[Key], *, afresh: bool = False
) -> Iterator[Statement]:
    """Statements that write what there is of `keys` and delete what is not."""
    found = rows.current(part, keys)
    width = len(part.key)
    gone = set(keys) if afresh else set(keys) - {row[:width] for row in found}
    if afresh and isinstance(part, Node):
        gone -= {row[:width] for row in found}  # its ties would go with it
    if gone:
        yield part.delete, {"keys": list(gone)}
    if found:
        yield part.write, {"rows": found}


@contextmanager
def turn(driver: Driver, *, wait: float = 0.0) -> Iterator[Writer]:
    """Hold the only right to write; raises `Busy` if none comes in `wait` seconds."""
    deadline = time.monotonic() + wait
    while not _try_lock():
        if time.monotonic() >= deadline:
            raise Busy("Another program is writing to the mirror.")
        time.sleep(POLL)
    try:
        with driver.session() as session:
            yield _claim(session)
    finally:
        _unlock()


def _claim(session: Session) -> Writer:
    record = session.run(
        f"MERGE (m:{MIRROR} {{id: 1}}) SET m.touched = timestamp() WITH m"
        " SET m.writer = coalesce(m.writer, 0) + 1 RETURN m.writer AS number,"
        " properties(m) AS mirror"
    ).single(strict=True)
    generation = str(GraphMirror.load().generation)
    mirror = record["mirror"]
    complete = (
        mirror.get("complete") is True
        and mirror["format"] == FORMAT
        and mirror["generation"] == generation
        and mirror["watermark"] <= _changes_ever()
    )
    return Writer(session, record["number"], generation, complete)


def _changes_ever() -> int:
    """How many changes were noted since there is an outbox. A database restored from
    a backup knows of fewer than a mirror that has seen later ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(pg_sequence_last_value("
            "pg_get_serial_sequence('interactions_graphchange', 'id')::regclass), 0)"
        )
        return int(cursor.fetchone()[0])


def note_success(*, watermark: int | None = None) -> None:
    now = timezone.now()
    values: dict[str, Any] = {"applied_at": now}
    if watermark is not None:
        values["watermark"] = watermark
    GraphMirror.objects.filter(pk=1).update(**values)


def note_failure(error: Exception) -> None:
    GraphMirror.load()
    GraphMirror.objects.filter(pk=1).update(
        error=f"{type(error).__name__}: {error}"[:1000], failed_at=timezone.now()
    )


def _try_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _unlock() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    except Error:
        connection.close()  # which gives the lock up, too
