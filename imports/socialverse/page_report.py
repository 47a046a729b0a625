"""Counts and notes of one page of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

Record = TypeVar("Record")

READ, BAD = "read", "bad"
ADDED, CHANGED, RENAMED = "added", "changed", "renamed"
UNKNOWN_POST = "of unknown posts"
PEOPLE_ADDED = "people added"  # by pages of other rows
MERGED = "merged"  # people known by name only, into those with an id
NOTES = "notes"  # of which the run keeps the first


@dataclass
class PageReport:
    """`counts` by the names above; `notes` are sentences, each fit for one line."""

    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def add_people(self, people: PageReport) -> None:
        """Count and note people that a page of other rows made."""
        self.counts[PEOPLE_ADDED] += people.counts[ADDED]
        self.counts[RENAMED] += people.counts[RENAMED]
        self.notes += people.notes

    def parse(
        self, rows: Iterable[Any], parse: Callable[[Any], Record], *, where: str
    ) -> list[Record]:
        """The records of `rows`; bad rows are counted and noted."""
        records = []
        for number, row in enumerate(rows, start=1):
            self.counts[READ] += 1
            try:
                records.append(parse(row))
            except ValueError as error:
                self.counts[BAD] += 1
                self.notes.append(f"{where} row {number}: {error}")
        return records
