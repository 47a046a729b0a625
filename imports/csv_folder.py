"""A folder of CSV files in the layout of Amazon Personalize.

It has `interactions.csv` and, where there are any, `items.csv` and `users.csv`.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from imports import files, values
from imports.files import Location
from imports.personalize import RATINGS, WATCHES, Schema, ValueUnit
from imports.records import (
    BadRow,
    Dataset,
    DatasetError,
    Interaction,
    Item,
    Row,
    parse_each,
)
from imports.tables import table

STARS_UP_TO = 10  # the best rating of the usual scales of stars
DAY = 86400.0


class CsvFolder(Schema, Dataset):
    """Without `rating_scale`, ratings are percentages that do not look like stars."""

    def __init__(
        self,
        path: Path,
        *,
        source: str = "csv",
        event_value: ValueUnit = "fraction",
        rating_scale: int | None = None,
        encoding: str = "utf-8",
    ) -> None:
        super().__init__(
            source=source, event_value=event_value, rating_scale=rating_scale or 100
        )
        self.interactions_file = files.require(path, "interactions.csv")
        self.items_file = files.find(path, "items.csv")
        self.users_file = files.find(path, "users.csv")
        self._encoding = encoding
        self._scale_is_known = rating_scale is not None
        self._float_ids: Counter[str] = Counter()  # by column
        self._ratings = self._watches = self._long_items = 0
        self._best_rating, self._longest_watch = 0, 0.0
        try:
            codecs.lookup(encoding)
        except LookupError as error:
            raise DatasetError(f"--encoding: {error}") from error

    def size(self) -> int:
        return max(0, files.count_lines(self.interactions_file) - 1)

    def people(self) -> Iterator[str | BadRow]:
        if self.users_file is None:
            return iter(())
        return parse_each(
            self._table(self.users_file, "USER_ID"),
            lambda cells: self._with_ids(cells, "USER_ID")["USER_ID"],
        )

    def items(self) -> Iterator[Item | BadRow]:
        if self.items_file is None:
            return iter(())
        return parse_each(self._table(self.items_file, "ITEM_ID"), self.item)

    def interactions(self) -> Iterator[Interaction | BadRow]:
        required = ("USER_ID", "ITEM_ID", "TIMESTAMP")
        return parse_each(
            self._table(self.interactions_file, *required), self.interaction
        )

    def item(self, cells: dict[str, str]) -> Item:
        item = super().item(self._with_ids(cells, "ITEM_ID"))
        self._long_items += item.duration > DAY
        return item

    def interaction(self, cells: dict[str, str]) -> Interaction:
        row = super().interaction(self._with_ids(cells, "USER_ID", "ITEM_ID"))
        if row.event in RATINGS:
            self._ratings += 1
            self._best_rating = max(self._best_rating, row.rating or 0)
        if row.event in WATCHES and row.fraction is not None:
            self._watches += 1
            self._longest_watch = max(self._longest_watch, row.fraction)
        return row

    def contradiction(self) -> str:
        if self._scale_is_known or not 0 < self._best_rating <= STARS_UP_TO:
            return ""
        return (
            f"{self.interactions_file.name}: all {self._ratings:,} ratings are at most "
            f"{self._best_rating}: for stars say --rating-scale 5 or 10, for "
            "percentages --rating-scale 100"
        )

    def notes(self) -> list[str]:
        notes = [
            f"{count:,} {column}s with decimals, such as 12.0, were read without, as 12"
            for column, count in sorted(self._float_ids.items())
        ]
        if self.highest_value > 1 and 0 < self._longest_watch <= 1 / self.highest_value:
            notes.append(
                f"none of {self._watches:,} watches is over 1 percent: if EVENT_VALUE "
                "is a fraction, import without --event-value percent"
            )
        if self._long_items:
            notes.append(
                f"{self._long_items:,} items last over a day: DURATION is in seconds"
            )
        return notes

    def _table(
        self, path: Location, *required: str
    ) -> Iterator[Row[dict[str, str]] | BadRow]:
        return table(path, *required, encoding=self._encoding)

    def _with_ids(self, cells: dict[str, str], *columns: str) -> dict[str, str]:
        for column in columns:
            cells[column], had_decimals = values.id_of_file(cells[column], column)
            if had_decimals:
                self._float_ids[column] += 1
        return cells

    def _fraction(self, value: str, event: str) -> float | None:
        try:
            return super()._fraction(value, event)
        except ValueError as error:
            if self.highest_value > 1 or not value.replace(".", "", 1).isdecimal():
                raise
            raise ValueError(
                f"{error}: percentages need --event-value percent"
            ) from None
