"""The relay of changes from the outbox to Neo4j, in the background.

A batch reads waiting keys, writes their current rows to Neo4j, commits, and then
deletes the keys. After a crash in between, the batch runs again with the same result.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from django.db import Error, connection
from neo4j import Driver

from interactions.models import GraphChange
from recommender.graph.mirror import driver, rebuild
from recommender.graph.mirror.driver import PAUSE_REFUSED, pause_after
from recommender.graph.mirror.rows import Key
from recommender.graph.mirror.schema import PARTS, Part
from recommender.graph.mirror.writer import (
    BATCH,
    FAILURES,
    Busy,
    Statement,
    Writer,
    note_failure,
    note_success,
    renewal,
    turn,
)

logger = logging.getLogger(__name__)

IDLE = 0.5  # seconds between two queries of an empty outbox
LONGEST_PAUSE = timedelta(minutes=1)  # between attempts to connect
BATCHES_A_TURN = 20  # then other writers may write


def relay(stop: threading.Event) -> None:
    """Keep the mirror up to date until `stop` is set; after any failure try again."""
    failures = 0
    while not stop.is_set():
        try:
            with driver.connect() as connected:
                catch_up(connected)  # builds the mirror if there is none
                failures = 0
                while not stop.is_set():
                    if not (GraphChange.objects.exists() and catch_up(connected)):
                        stop.wait(IDLE)
        except Exception as error:
            failures += 1
            pause = _pause(error, failures)
            expected = isinstance(error, (*FAILURES, Error))
            logger.warning(
                "The mirror waits for %s: %s", pause, error, exc_info=not expected
            )
            _record(error)
            stop.wait(pause.total_seconds())


def _pause(error: Exception, failures: int) -> timedelta:
    if pause_after(error) == PAUSE_REFUSED:
        return PAUSE_REFUSED
    return min(timedelta(seconds=0.5 * 2 ** min(failures, 10)), LONGEST_PAUSE)


def _record(error: Exception) -> None:
    """Store the error in PostgreSQL, unless PostgreSQL has failed."""
    try:
        note_failure(error)
    except Error:
        connection.close()


def catch_up(connected: Driver) -> int:
    """Apply waiting changes, at most `BATCHES_A_TURN` batches; rebuild the mirror first
    if it is incomplete. Returns how many were applied, 0 if another program writes."""
    try:
        with turn(connected) as writer:
            if not writer.complete:
                written = rebuild.rebuild(writer)
                logger.info("The mirror was built from empty: %s", written)
                return sum(written.values())
            return drain(writer, batches=BATCHES_A_TURN)
    except Busy:
        return 0


def drain(writer: Writer, *, batches: int | None = None) -> int:
    """Apply all waiting changes, or `batches` of them; returns how many."""
    applied = number = 0
    while batches is None or number < batches:
        count = apply_batch(writer)
        if not count:
            break
        applied, number = applied + count, number + 1
    note_success()
    return applied


def apply_batch(writer: Writer) -> int:
    """Apply the oldest `BATCH` changes; returns how many."""
    changes = list(
        GraphChange.objects.order_by("pk").values_list(
            "pk", "kind", "source", "target"
        )[:BATCH]
    )
    if not changes:
        return 0
    keys: defaultdict[str, set[Key]] = defaultdict(set)
    for _, kind, source, target in changes:
        if source is None or target is None:
            _renew_all(writer, kind)
        else:
            keys[kind].add((source, target))
    watermark = changes[-1][0]
    writer.commit(_statements(keys), watermark=watermark)
    numbers = [number for number, *_ in changes]
    applied = GraphChange.objects.filter(pk__in=numbers)
    applied._raw_delete(applied.db)
    note_success(watermark=watermark)
    return len(changes)


def _statements(keys: dict[str, set[Key]]) -> Iterator[Statement]:
    """Nodes first, then relationships."""
    for part in PARTS:
        if part.kind in keys:
            width = len(part.key)
            yield from renewal(part, {key[:width] for key in keys[part.kind]})


def _renew_all(writer: Writer, kind: str) -> None:
    """Renew all keys that Neo4j has of a table that was emptied."""
    for part in PARTS:
        if part.kind == kind:
            writer.renew(part, known_keys(writer, part))


def known_keys(writer: Writer, part: Part) -> list[Key]:
    """All keys that Neo4j has of a part."""
    return [tuple(record["key"]) for record in writer.session.run(part.keys)]
