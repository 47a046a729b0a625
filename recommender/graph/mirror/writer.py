"""One writer at a time, and only to a mirror of this database.

A writer holds an advisory lock of PostgreSQL. The lock can be lost with its connection
while Neo4j still works on a batch. So a writer also takes a number from the `Mirror`
node, and a batch commits only while its writer has the latest number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from neo4j import Driver, Session
from neo4j.exceptions import DriverError, Neo4jError

from interactions.advisory_lock import AT_ONCE, advisory_lock
from recommender.graph.mirror import rows
from recommender.graph.mirror.rows import Key
from recommender.graph.mirror.schema import FORMAT, MIRROR, Node, Part
from recommender.models import GraphMirror

LOCK = 0x6D6972726F72  # key of the advisory lock ("mirror")
BATCH = 5000  # keys in one transaction of Neo4j
TIMEOUT = 120.0  # seconds after which the server aborts a transaction

Statement = tuple[str, dict[str, Any]]


class Busy(Exception):
    """Another program is writing to the mirror."""


class Superseded(Exception):
    """A later writer has started; this one must not write any more."""


# Expected errors: of the server, and of other writers.
FAILURES = (DriverError, Neo4jError, Busy, Superseded, OSError)


@dataclass(frozen=True)
class Writer:
    """`complete`: at the start Neo4j held a whole mirror of this database, of its
    `generation` and not ahead of it."""

    session: Session
    number: int
    generation: str
    complete: bool

    def commit(
        self, statements: Iterable[Statement], *, watermark: int | None = None
    ) -> None:
        """Run all in one transaction with the watermark; raises `Superseded`."""
        with self.session.begin_transaction(timeout=TIMEOUT) as transaction:
            # The first SET locks the node, so that the rest reads the latest number.
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
        """Store whether the mirror is complete; if not, its watermark becomes 0.

        Its generation is the writer's: changes dropped since then make it outdated.
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

    def renew(
        self, part: Part, keys: Collection[Key], *, delete_first: bool = False
    ) -> None:
        """Write the current rows of `keys` to Neo4j, and delete those without a row.

        `delete_first` also removes duplicate relationships.
        """
        pending = list(keys)
        for start in range(0, len(pending), BATCH):
            self.commit(
                renewal(part, pending[start : start + BATCH], delete_first=delete_first)
            )


def renewal(
    part: Part, keys: Collection[Key], *, delete_first: bool = False
) -> Iterator[Statement]:
    """Statements that write the current rows of `keys` and delete the other keys."""
    current = rows.current(part, keys)
    existing = {row[: len(part.key)] for row in current}
    # Deleting a node would delete its relationships, too.
    keep = set() if delete_first and not isinstance(part, Node) else existing
    if deleted := set(keys) - keep:
        yield part.delete, {"keys": list(deleted)}
    if current:
        yield part.write, {"rows": current}


@contextmanager
def turn(driver: Driver, *, wait: timedelta = AT_ONCE) -> Iterator[Writer]:
    """Become the only writer; raises `Busy` if another still writes after `wait`."""
    busy = Busy("Another program is writing to the mirror.")
    with advisory_lock(LOCK, wait=wait, taken=busy), driver.session() as session:
        yield _claim(session)


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
    """How many changes the outbox has ever held. A database restored from a backup has
    held fewer than a mirror with later changes."""
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
