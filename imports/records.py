"""What a dataset yields: people, items, interactions, and rows that cannot be read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

Cells = TypeVar("Cells")
Record = TypeVar("Record")


class DatasetError(Exception):
    """The dataset as a whole cannot be imported; the message fits on one line."""


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
    category stands for the parent alone. `duration` is in seconds, 0 when unknown.
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
    """What one row says that one person did with one item.

    `fraction` is the part watched (0 to 1), None when the row tells of none; `viewed`
    without one is a view that nobody timed. `seconds` None means the fraction of
    the item's duration. `rating` is in percent, 1 to 100. `event` tells apart two
    watches of the same moment.
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
    """One layout at one place. Reading may raise `DatasetError` at any point.

    `source` is the first half of the external identity of all that it brings.
    """

    source: str
    title: str

    def people(self) -> Iterator[str | BadRow]:
        """People who are listed apart from what they did."""
        return iter(())

    def items(self) -> Iterator[Item | BadRow]:
        """Items that are listed apart from what was done with them."""
        return iter(())

    @abstractmethod
    def interactions(self) -> Iterator[Interaction | BadRow]: ...

    @abstractmethod
    def size(self) -> int:
        """How many rows `interactions` reads, about: for the progress bar."""


def parse_each(
    rows: Iterable[Row[Cells] | BadRow], parse: Callable[[Cells], Record]
) -> Iterator[Record | BadRow]:
    """Rows into records; the `ValueError` of `parse` is the reason of a bad row."""
    for row in rows:
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            yield parse(row.cells)
        except ValueError as error:
            yield row.bad(str(error))
