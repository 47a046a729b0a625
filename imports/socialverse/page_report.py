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


@dataclass
class PageReport:
    """`counts` by the names above; `notes` are sentences, each fit for one line."""

    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

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
