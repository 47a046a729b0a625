"""Comparison of Neo4j with PostgreSQL, row by row, and repair of differences."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils import timezone

from interactions.models import GraphChange
from recommender.graph.mirror import rows
from recommender.graph.mirror.rows import Key, Range, Row
from recommender.graph.mirror.schema import PARTS, Part
from recommender.graph.mirror.writer import Writer
from recommender.models import GraphMirror

BATCH = 20_000  # rows compared at once


@dataclass(frozen=True)
class Comparison:
    """One part in both stores: counts, hashes over the sorted rows, and the keys whose
    rows differ, except those with a waiting change."""

    part: Part
    wanted: int
    found: int
    wanted_hash: str
    found_hash: str
    differing: frozenset[Key]


def verify(
    writer: Writer,
    *,
    repair: bool = True,
    progress: Callable[[Comparison], object] = lambda comparison: None,
) -> list[Comparison]:
    """Compare every part at one moment, then renew the keys that differ.

    Keys with a waiting change are not differences.
    """
    compared = []
    with rows.one_moment():
        waiting = _waiting()
        for part in PARTS:
            comparison = _compare(writer, part, waiting.get(part.kind, set()))
            progress(comparison)
            compared.append(comparison)
    for comparison in compared:
        if repair and comparison.differing:
            writer.renew(comparison.part, comparison.differing, delete_first=True)
    GraphMirror.objects.filter(pk=1).update(
        verified_at=timezone.now(),
        differences=sum(len(comparison.differing) for comparison in compared),
    )
    return compared


def _compare(writer: Writer, part: Part, waiting: set[Key]) -> Comparison:
    wanted_hash, found_hash = (
        hashlib.blake2b(digest_size=8),
        hashlib.blake2b(digest_size=8),
    )
    wanted_count = found_count = 0
    differing: set[Key] = set()

    def key(row: Row) -> Key:
        return row[: len(part.key)]

    for limits in rows.ranges(part, BATCH):
        wanted = sorted(rows.between(part, limits), key=key)
        found = sorted(_in_neo4j(writer, part, limits), key=key)
        wanted_count, found_count = wanted_count + len(wanted), found_count + len(found)
        wanted_hash.update(repr(wanted).encode())
        found_hash.update(repr(found).encode())
        if wanted != found:
            differing |= {key(row) for row in set(wanted) ^ set(found)}
            # Duplicates, which a set hides.
            differing |= {k for k, n in Counter(map(key, found)).items() if n > 1}
    return Comparison(
        part=part,
        wanted=wanted_count,
        found=found_count,
        wanted_hash=wanted_hash.hexdigest(),
        found_hash=found_hash.hexdigest(),
        differing=frozenset(differing - waiting),
    )


def _in_neo4j(writer: Writer, part: Part, limits: Range) -> Iterator[Row]:
    low, high = limits
    record = writer.session.run(part.read, low=low, high=high).single(strict=True)
    return map(tuple, record["rows"])


def _waiting() -> dict[str, set[Key]]:
    """The keys of waiting changes, by kind."""
    waiting: dict[str, set[Key]] = {}
    for kind, source, target in GraphChange.objects.values_list(
        "kind", "source", "target"
    ):
        if source is None or target is None:
            continue
        keys = waiting.setdefault(kind, set())
        keys |= {(source,), (source, target)}  # of a node or of a relationship
    return waiting
