"""The relationships of a snapshot, read from Neo4j as packed lists.

One record holds the edges of up to `PEOPLE` people as parallel lists, so that the
driver unpacks a few long lists instead of a record for each edge. `READERS` queries run
at once. Writers wait meanwhile, so that all queries read the same moment.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
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
MAX_WAITING = 100_000  # changes to apply before an export; more take too long
PATIENCE = timedelta(minutes=1)  # to wait for another writer
READERS = 2  # queries that Neo4j answers at once

Columns = tuple[npt.NDArray[Any], ...]  # source, target, weight, time


@dataclass(frozen=True)
class Packed:
    """Relationships from nodes `a` to nodes `b`. Edges have weight 1 without `weight`,
    and time 0 without `time`."""

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
    """A mirror that is up to date and locked against writers."""

    connected: Driver

    def relations(self, items: Sequence[int]) -> dict[str, Links] | None:
        """Every relation of a snapshot, of the videos `items`; None if Neo4j fails.

        `items` are the visible videos according to PostgreSQL; the mirror holds others.
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
                name: _filtered(
                    PACKED[name], _joined(parts), known, scale.get(name, 1.0)
                )
                for name, parts in read.items()
            }
        except FAILURES as error:
            logger.warning("Neo4j failed: reading PostgreSQL instead: %s", error)
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
    """The ranges one after another."""
    return Links(*map(np.concatenate, zip(*parts, strict=True)))


def _filtered(
    packed: Packed, links: Links, items: npt.NDArray[np.int64], scale: float
) -> Links:
    """Edges of videos among `items` only, their weights times `scale`."""
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
    """An up-to-date mirror, or None if it is incomplete, too far behind or unreachable.

    Waiting changes are applied first.
    """
    with ExitStack() as stack:
        yield _current(stack)


def _current(stack: ExitStack) -> Export | None:
    try:
        connected = stack.enter_context(driver.connect())
        writer = stack.enter_context(turn(connected, wait=PATIENCE))
        waiting = GraphChange.objects.count()
        if not writer.complete or waiting > MAX_WAITING:
            logger.warning("The mirror is not up to date: reading PostgreSQL instead")
            return None
        relay.drain(writer)
    except FAILURES as error:
        logger.warning("Neo4j cannot be read: reading PostgreSQL instead: %s", error)
        return None
    return Export(connected)
