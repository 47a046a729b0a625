"""Records of a dataset: people, items, interactions, and bad rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

Cells = TypeVar("Cells")
Record = TypeVar("Record")


class DatasetError(Exception):
    """The dataset cannot be imported; the message fits on one line."""


@dataclass(frozen=True, slots=True)
class BadRow:
    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file} line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Row(Generic[Cells]):
    """A row of a file, split into cells, with the place it came from."""

    file: str
    line: int
    cells: Cells

    def bad(self, reason: str) -> BadRow:
        return BadRow(self.file, self.line, reason)


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be watched.

    `categories` are pairs of a parent category's name and a category's; an empty
    category means the parent only. `duration` is in seconds, 0 if unknown.
    """

    external_id: str
    title: str
    url: str
    description: str = ""
    duration: float = 0
    published_at: datetime | None = None
    categories: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Interaction:
    """One row: a person and an item.

    `fraction` is the watched part (0 to 1), or None; `viewed` without it is an untimed
    view. `seconds` of None means the fraction of the item's duration. `rating` is a
    percentage, 1 to 100. `event` distinguishes two watches at the same moment.
    """

    person: str
    item: Item
    at: datetime
    fraction: float | None = None
    seconds: float | None = None
    viewed: bool = False
    liked: bool = False
    dismissed: bool = False
    inspired: bool = False
    rating: int | None = None
    event: str = "watch"


class Dataset(ABC):
    """Files of one layout. Reading may raise `DatasetError` at any point.

    `source` and the external id identify each row that is imported.
    """

    source: str
    title: str

    def people(self) -> Iterator[str | BadRow]:
        """People from a list of their own."""
        return iter(())

    def items(self) -> Iterator[Item | BadRow]:
        """Items from a list of their own."""
        return iter(())

    @abstractmethod
    def interactions(self) -> Iterator[Interaction | BadRow]: ...

    @abstractmethod
    def size(self) -> int:
        """About how many rows `interactions` reads, for the progress bar."""

    def contradiction(self) -> str:
        """Why the rows read so far cannot mean what they seem to; empty if they can."""
        return ""

    def notes(self) -> list[str]:
        """What was read in another way than it is written, each in one sentence."""
        return []


def parse_each(
    rows: Iterable[Row[Cells] | BadRow], parse: Callable[[Cells], Record]
) -> Iterator[Record | BadRow]:
    """Parse rows into records; a `ValueError` of `parse` makes a bad row."""
    for row in rows:
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            yield parse(row.cells)
        except ValueError as error:
            yield row.bad(str(error))
