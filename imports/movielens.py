"""MovieLens 100K and 1M: ratings of films, imported as watches.

A rating of r stars is a watch of the fraction r / 5, and a like from 4 stars.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from imports import files, values
from imports.files import Location
from imports.records import BadRow, Dataset, DatasetError, Interaction, Item, parse_each

PARENT = "Movies"
LIKE_FROM = 4.0  # stars
YEAR_IN_TITLE = re.compile(r"\((\d{4})\)\s*$")
ORDER_STARTS = datetime(2001, 1, 1, tzinfo=UTC)
ORDER_SPANS = timedelta(days=365)
GENRES_100K = (
    "",  # "unknown"
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
)


class MovieLens(Dataset):
    """Base of all: a small catalogue of films, and their ratings."""

    ratings: Location
    separator: ClassVar[str]

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def _catalogue(self) -> dict[str, Item | BadRow]:
        """Films by id; a bad row has its message as the key."""
        return {
            film.external_id if isinstance(film, Item) else str(film): film
            for film in self._films()
        }

    def _films(self) -> Iterator[Item | BadRow]:
        raise NotImplementedError

    def items(self) -> Iterator[Item | BadRow]:
        return iter(self._catalogue.values())

    def film(self, external_id: str) -> Item:
        film = self._catalogue.get(external_id)
        if not isinstance(film, Item):
            raise ValueError(f"film {external_id[:40]!r} is not among the films")
        return film

    def size(self) -> int:
        return files.count_lines(self.ratings)

    def interactions(self) -> Iterator[Interaction | BadRow]:
        rows = files.split_lines(self.ratings, self.separator, cells=4)
        return parse_each(rows, self._rating)

    def _rating(self, cells: list[str]) -> Interaction:
        return self._watch(*cells)

    def _watch(self, person: str, film: str, stars: str, time: str) -> Interaction:
        rating = values.number(stars, "rating", low=0.5, high=5)
        return Interaction(
            person=values.identifier(person, "user"),
            item=self.film(film),
            at=values.moment(time, "timestamp"),
            fraction=rating / 5,
            liked=rating >= LIKE_FROM,
        )


class MovieLens100K(MovieLens):
    """`u.data` and `u.item`."""

    source = "ml100k"
    title = "MovieLens 100K"
    separator = "\t"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.ratings = files.require(path, "u.data")
        self.films = files.require(path, "u.item")

    def _films(self) -> Iterator[Item | BadRow]:
        rows = files.split_lines(
            self.films,
            "|",
            cells=5 + len(GENRES_100K),
            encoding=files.detect_encoding(self.films),
        )
        return parse_each(rows, self._film)

    def _film(self, cells: list[str]) -> Item:
        external_id, title, released, _, url, *marks = cells
        external_id = values.identifier(external_id, "film")
        genres = zip(GENRES_100K, marks, strict=True)
        return Item(
            external_id=external_id,
            title=values.shorten(title, values.MAX_TITLE) or f"Film {external_id}",
            url=values.web_address(url, "URL")
            if url
            else f"https://grouplens.org/datasets/movielens/100k/#{external_id}",
            published_at=release_date(released),
            categories=tuple(
                (PARENT, genre) for genre, mark in genres if values.flag(mark, "genre")
            )
            or ((PARENT, ""),),
        )


class MovieLens1M(MovieLens):
    """`ratings.dat` and `users.dat`, or `interactions.npz`; with `movies.dat`.

    The npz holds who rated what in which order, but neither stars nor times. Its rows
    become full watches without a like, and each person's are spread evenly over one
    year: it keeps the order of each person, and a cut in time cuts everyone alike.
    """

    source = "ml1m"
    title = "MovieLens 1M"
    separator = "::"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.ratings = files.require(path, "ratings.dat", "interactions.npz")
        self.films = files.require(path, "movies.dat")
        self.users = files.find(path, "users.dat")

    def people(self) -> Iterator[str | BadRow]:
        if self.users is None:
            return iter(())
        rows = files.split_lines(self.users, self.separator, cells=5)
        return parse_each(rows, lambda cells: values.identifier(cells[0], "user"))

    def _films(self) -> Iterator[Item | BadRow]:
        rows = files.split_lines(
            self.films,
            self.separator,
            cells=3,
            encoding=files.detect_encoding(self.films),
        )
        return parse_each(rows, self._film)

    def _film(self, cells: list[str]) -> Item:
        external_id = values.identifier(cells[0], "film")
        year = YEAR_IN_TITLE.search(cells[1])
        genres = [values.category(name, "genre") for name in cells[2].split("|")]
        return Item(
            external_id=external_id,
            title=values.shorten(cells[1], values.MAX_TITLE) or f"Film {external_id}",
            url=f"https://movielens.org/movies/{external_id}",
            published_at=release_date(f"01-Jan-{year[1]}") if year else None,
            categories=tuple((PARENT, name) for name in genres),
        )

    def size(self) -> int:
        return len(self._order[0]) if self._ordered else super().size()

    def interactions(self) -> Iterator[Interaction | BadRow]:
        return self._from_order() if self._ordered else super().interactions()

    @property
    def _ordered(self) -> bool:
        return self.ratings.suffix == ".npz"

    @cached_property
    def _order(self) -> list[npt.NDArray[np.int64]]:
        """Columns user, movie, order; the last is 0, 1, ... within each user."""
        try:
            with self.ratings.open("rb") as file:
                archive = np.load(file, allow_pickle=False)
                columns = [archive[name] for name in ("user", "movie", "order")]
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise DatasetError(f"{self.ratings}: {error}") from error
        except (ValueError, KeyError, IndexError) as error:
            raise DatasetError(
                f"{self.ratings} is not an npz with the arrays user, movie and order"
            ) from error
        shapes = {column.shape for column in columns}
        if len(shapes) != 1 or any(
            c.ndim != 1 or c.dtype.kind not in "iu" for c in columns
        ):
            raise DatasetError(
                f"{self.ratings}: user, movie and order are not whole-number columns "
                "of one length"
            )
        if any(len(column) and column.min() < 0 for column in columns):
            raise DatasetError(f"{self.ratings}: has negative numbers")
        return [column.astype(np.int64) for column in columns]

    def _from_order(self) -> Iterator[Interaction | BadRow]:
        user, movie, order = self._order
        _, index = np.unique(user, return_inverse=True)
        last = np.zeros(index.max(initial=-1) + 1, dtype=np.int64)
        np.maximum.at(last, index, order)
        position = (order + 0.5) / (last[index] + 1)
        for line, (person, film, share) in enumerate(
            zip(user, movie, position, strict=True), start=1
        ):
            parse = partial(self._watched, person=str(person), share=float(share))
            try:
                yield parse(str(film))
            except ValueError as error:
                yield BadRow(self.ratings.name, line, str(error))

    def _watched(self, film: str, *, person: str, share: float) -> Interaction:
        at = ORDER_STARTS + ORDER_SPANS * share
        return Interaction(person=person, item=self.film(film), at=at, fraction=1)


def release_date(text: str) -> datetime | None:
    """`01-Jan-1995`; None for the few films without a date. Months are in English."""
    if not text:
        return None
    try:
        return datetime.strptime(text, "%d-%b-%Y").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(
            f"release date {text[:40]!r} is not like 01-Jan-1995"
        ) from None
