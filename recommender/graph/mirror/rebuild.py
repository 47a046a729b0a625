"""Rebuild of the whole mirror from empty, while the platform is in use.

The outbox is emptied first: the rebuild reads all rows anyway. Later changes wait in it
until the rebuild is done. Until then the mirror is marked incomplete, so that an
interrupted rebuild starts again and no training reads half a graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from recommender.graph.mirror import outbox, rows
from recommender.graph.mirror.rows import Row
from recommender.graph.mirror.schema import (
    CONSTRAINTS,
    NODES,
    PARTS,
    RELATIONS,
    Node,
    Part,
)
from recommender.graph.mirror.writer import Writer, note_success

READ_BATCH = 20_000  # rows in one query to PostgreSQL
# Rows in one transaction of Neo4j. With three times as many, each row takes a fifth
# longer.
BATCH = 3000
READ_AHEAD = 4  # batches

# Called with the name of a part and the number of rows written since the last call.
Progress = Callable[[str, int], object]


def silent(part: str, rows: int) -> None:
    """The progress callback that shows nothing."""


def rebuild(writer: Writer, *, progress: Progress = silent) -> dict[str, int]:
    """Empty and rewrite the mirror; returns the number of rows by name of the part."""
    for constraint in CONSTRAINTS:
        writer.session.run(constraint).consume()
    writer.mark(complete=False)
    empty(writer)
    outbox.delete()
    written: dict[str, int] = {}
    for part in PARTS:
        written[part.name] = _create(writer, part, progress)
    writer.mark(complete=True)
    note_success(watermark=0)
    return written


def _create(writer: Writer, part: Part, progress: Progress) -> int:
    """Read the next batch while Neo4j writes one; returns the number of rows."""
    count = 0
    with ThreadPoolExecutor(1) as background:
        sent: list[Future[None]] = []
        for batch in _batches(part):
            packed = batch if isinstance(part, Node) else rows.by_source(batch)
            sent.append(
                background.submit(writer.commit, [(part.create, {"rows": packed})])
            )
            count += len(batch)
            if len(sent) > READ_AHEAD:
                sent.pop(0).result()
            progress(part.name, len(batch))
        for last in sent:
            last.result()
    return count


def _batches(part: Part) -> Iterator[list[Row]]:
    """Batches in order of the key: neighbouring rows share a node, which Neo4j then
    locks and loads once."""
    for limits in rows.ranges(part, READ_BATCH):
        read = sorted(rows.between(part, limits), key=lambda row: row[: len(part.key)])
        for start in range(0, len(read), BATCH):
            yield read[start : start + BATCH]


def empty(writer: Writer) -> None:
    """Delete the mirror, but no other data in Neo4j."""
    for relation in RELATIONS:
        source, target = relation.ends
        writer.in_batches(
            f"MATCH (:{source})-[r:{relation.type}]->(:{target})"
            " CALL (r) { DELETE r } IN TRANSACTIONS OF 20000 ROWS"
        )
    for node in NODES:
        writer.in_batches(
            f"MATCH (n:{node.label})"
            " CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS"
        )
