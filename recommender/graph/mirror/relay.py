"""From the outbox to Neo4j, in the background, for as long as the platform runs.

A batch reads the keys that wait, commits to Neo4j what PostgreSQL says of them, and
then deletes them. Killed in between, it does the same again, which changes nothing.
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

IDLE = 0.5  # seconds between two looks into an empty outbox
LONGEST_PAUSE = timedelta(minutes=1)  # between attempts to reach a server
BATCHES_A_TURN = 20  # then others get theirs


def relay(stop: threading.Event) -> None:
    """Keep the mirror up to date until `stop` is set, whatever fails meanwhile."""
    failures = 0
    while not stop.is_set():
        try:
            with driver.connect() as connected:
                catch_up(connected)  # or find that there is no mirror yet
                failures = 0
                while not stop.is_set():
                    if not (GraphChange.objects.exists() and catch_up(connected)):
                        stop.wait(IDLE)
        except Exception as error:
            failures += 1
            pause = _pause(error, failures)
            # What is not foreseen is told in full, and is no reason to end.
            foreseen = isinstance(error, (*FAILURES, Error))
            logger.warning(
                "The mirror waits for %s: %s", pause, error, exc_info=not foreseen
            )
            _note(error)
            stop.wait(pause.total_seconds())


def _pause(error: Exception, failures: int) -> timedelta:
    if pause_after(error) == PAUSE_REFUSED:
        return PAUSE_REFUSED
    return min(timedelta(seconds=0.5 * 2 ** min(failures, 10)), LONGEST_PAUSE)


def _note(error: Exception) -> None:
    """In PostgreSQL, if that is not what failed."""
    try:
        note_failure(error)
    except Error:
        connection.close()


def catch_up(connected: Driver) -> int:
    """Take a turn, unless another has it: apply what waits, at most `BATCHES_A_TURN`
    batches; build the mirror first if there is none. How many changes were applied."""
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
    """Apply what waits until nothing does; how many changes that were."""
    applied = number = 0
    while batches is None or number < batches:
        count = apply_batch(writer)
        if not count:
            break
        applied, number = applied + count, number + 1
    note_success()
    return applied


def apply_batch(writer: Writer) -> int:
    """Apply the oldest `BATCH` changes; how many they were."""
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
            _look_at_all_again(writer, kind)
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
    """Nodes first: what ties them follows."""
    for part in PARTS:
        if part.kind in keys:
            width = len(part.key)
            yield from renewal(part, {key[:width] for key in keys[part.kind]})


def _look_at_all_again(writer: Writer, kind: str) -> None:
    """A table was emptied: what Neo4j has of it is there no more, or again."""
    for part in PARTS:
        if part.kind == kind:
            writer.renew(part, known_keys(writer, part))


def known_keys(writer: Writer, part: Part) -> list[Key]:
    """All keys that Neo4j has of a part."""
    found = writer.session.run(part.keys)
    return [tuple(record["key"]) for record in found]
