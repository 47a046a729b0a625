"""The whole mirror from empty, while the platform goes on.

First the outbox is emptied: what it held so far is read anyway. What changes from then
on waits in it until the rebuild is done. Until then the mirror is marked incomplete, so
that an interrupted rebuild begins again, and nobody trains from half a graph.
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

AT_ONCE = 20_000  # rows in one reading from PostgreSQL
# Rows in one transaction of Neo4j. Of thrice as many each takes a fifth longer: it
# sorts and looks up what a transaction has changed.
BATCH = 3000
READ_AHEAD = 4  # batches

# Called with the name of a part and how many of its rows were written since last.
Progress = Callable[[str, int], object]


def silent(part: str, rows: int) -> None:
    """The progress callback that shows nothing."""


def rebuild(writer: Writer, *, progress: Progress = silent) -> dict[str, int]:
    """Empty the mirror and write all of it; rows by the name of the part."""
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
    """Neo4j writes one batch while the next is read."""
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
    """In order of the key: neighbouring rows share a node, which Neo4j then locks and
    loads once."""
    for limits in rows.ranges(part, AT_ONCE):
        found = sorted(rows.between(part, limits), key=lambda row: row[: len(part.key)])
        for start in range(0, len(found), BATCH):
            yield found[start : start + BATCH]


def empty(writer: Writer) -> None:
    """Delete what the mirror consists of; whatever else lies in Neo4j stays."""
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
