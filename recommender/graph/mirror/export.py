"""The relationships of a snapshot, read from Neo4j as packed lists.

One record holds what up to `PEOPLE` people did, as parallel lists, so that the driver
unpacks a few long lists and not a record an edge; `READERS` records are on their way at
a time. The writers wait meanwhile: what is read in several queries belongs to one
moment only if nothing changes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from django.conf import settings
from neo4j import READ_ACCESS, Driver

from interactions.models import GraphChange
from recommender.graph.mirror import driver, relay, rows
from recommender.graph.mirror.rows import Range
from recommender.graph.mirror.schema import NODES
from recommender.graph.mirror.writer import FAILURES, turn
from recommender.ml.data.snapshot import Links

logger = logging.getLogger(__name__)

PEOPLE = 2000  # nodes whose relationships make one record
MOST_WAITING = 100_000  # changes that are worth applying before an export
PATIENCE = 60.0  # seconds to wait for another writer
READERS = 2  # queries that Neo4j answers at once

Columns = tuple[npt.NDArray[Any], ...]  # source, target, weight, time


@dataclass(frozen=True)
class Packed:
    """Relationships of nodes `a` to nodes `b`; what an edge weighs, without which it
    weighs 1, and when it was, without which it was at time 0."""

    source: str
    pattern: str
    condition: str = "true"
    weight: str = ""
    time: str = ""

    @property
    def cypher(self) -> str:
        columns = ["collect(a.id) AS source", "collect(b.id) AS target"]
        if self.weight:
            columns.append(f"collect({self.weight}) AS weight")
        if self.time:
            columns.append(f"collect({self.time}) AS time")
        return (
            f"MATCH (a:{self.source}){self.pattern}"
            f" WHERE a.id >= $low AND a.id < $high AND {self.condition}"
            f" RETURN {', '.join(columns)}"
        )


PACKED = {
    "watched": Packed(
        "User", "-[r:WATCHED]->(b:Video)", "r.score > 0", "r.score", "r.last"
    ),
    "liked": Packed("User", "-[r:LIKED]->(b:Video)", time="r.last"),
    "inspired": Packed("User", "-[r:INSPIRED_BY]->(b:Video)", time="r.at"),
    "rated": Packed(
        "User", "-[r:RATED]->(b:Video)", weight="r.percent / 100.0", time="r.at"
    ),
    "not_interested": Packed("User", "-[r:NOT_INTERESTED]->(b:Video)", time="r.at"),
    "follows": Packed("User", "-[r:FOLLOWS]->(b:User)", time="r.at"),
    "uploaded": Packed("User", "-[r:UPLOADED]->(b:Video)", time="b.published"),
    "interested_in": Packed(
        "User", "-[r:INTERESTED_IN]->(b:ParentCategory)", time="a.joined"
    ),
    "in_category": Packed("Video", "-[r:IN_CATEGORY]->(b:Category)"),
    "in_parent": Packed("Video", "-[r:IN_CATEGORY]->(b:ParentCategory)"),
}


@dataclass(frozen=True)
class Export:
    """Open while nobody writes to the mirror, which has all that was to be applied."""

    connected: Driver

    def relations(self, items: Sequence[int]) -> dict[str, Links] | None:
        """Every relation of a snapshot, of no video but `items`; None if Neo4j fails.

        PostgreSQL says which videos may be seen, whatever the mirror holds.
        """
        scale = {"inspired": settings.INSPIRE_WEIGHT, "rated": settings.RATING_WEIGHT}
        ranges = {
            node.label: list(rows.ranges(node, PEOPLE))
            for node in NODES
            if node.label in ("User", "Video")
        }
        known = np.asarray(items, np.int64)
        pool = ThreadPoolExecutor(READERS)
        try:
            read = {
                name: pool.map(partial(self._read, packed), ranges[packed.source])
                for name, packed in PACKED.items()
            }
            return {
                name: _kept(PACKED[name], _joined(parts), known, scale.get(name, 1.0))
                for name, parts in read.items()
            }
        except FAILURES as error:
            logger.warning("Neo4j failed: PostgreSQL is read instead: %s", error)
            return None
        finally:
            pool.shutdown(cancel_futures=True)

    def _read(self, packed: Packed, limits: Range) -> Columns:
        low, high = limits
        with self.connected.session(default_access_mode=READ_ACCESS) as session:
            record = session.run(packed.cypher, low=low, high=high).single(strict=True)
        source = np.array(record["source"], np.int64)
        return (
            source,
            np.array(record["target"], np.int64),
            np.array(record.get("weight") or np.ones(len(source)), np.float64),
            np.array(record.get("time") or np.zeros(len(source)), np.float64),
        )


def _joined(parts: Iterable[Columns]) -> Links:
    """Ranges one after another, each column an array of its own."""
    return Links(*map(np.concatenate, zip(*parts, strict=True)))


def _kept(
    packed: Packed, links: Links, items: npt.NDArray[np.int64], scale: float
) -> Links:
    """Without edges of videos that are not among `items`, weights scaled."""
    source, target = np.asarray(links.source), np.asarray(links.target)
    keep = np.ones(len(source), bool)
    if packed.source == "Video":
        keep &= np.isin(source, items)
    if packed.pattern.endswith("(b:Video)"):
        keep &= np.isin(target, items)
    weight, time = np.asarray(links.weight), np.asarray(links.time)
    return Links(source[keep], target[keep], weight[keep] * scale, time[keep])


@contextmanager
def opened() -> Iterator[Export | None]:
    """A mirror that holds what PostgreSQL does, or None if it cannot be had.

    What waits is applied first. A mirror that is incomplete, or too far behind, is
    the relay's to mend; a training does not wait for that.
    """
    with ExitStack() as stack:
        yield _current(stack)


def _current(stack: ExitStack) -> Export | None:
    try:
        connected = stack.enter_context(driver.connect())
        writer = stack.enter_context(turn(connected, wait=PATIENCE))
        waiting = GraphChange.objects.count()
        if not writer.complete or waiting > MOST_WAITING:
            logger.warning("The mirror is not up to date: PostgreSQL is read instead")
            return None
        relay.drain(writer)
    except FAILURES as error:
        logger.warning("Neo4j cannot be read, PostgreSQL is instead: %s", error)
        return None
    return Export(connected)
