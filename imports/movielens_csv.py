"""MovieLens 20M, 25M, 32M and the latest releases, small and full."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from imports import files, values
from imports.movielens import PARENT, YEAR_IN_TITLE, MovieLens, release_date
from imports.records import BadRow, Interaction, Item, parse_each
from imports.tables import table

NO_GENRES = "(no genres listed)"


class MovieLensCsv(MovieLens):
    """`ratings.csv` and `movies.csv`, in a folder or in the .zip of GroupLens.

    Each release has numbered its users anew, so each is a source of its own.
    """

    def __init__(self, path: Path, *, release: str) -> None:
        super().__init__(path)
        self.source = f"ml{release.lower()}"
        self.title = f"MovieLens {release}"
        self.ratings = files.require(path, "ratings.csv")
        self.films = files.require(path, "movies.csv")

    def size(self) -> int:
        return max(0, super().size() - 1)

    def interactions(self) -> Iterator[Interaction | BadRow]:
        rows = table(self.ratings, "USERID", "MOVIEID", "RATING", "TIMESTAMP")
        return parse_each(
            rows,
            lambda cells: self._watch(
                cells["USERID"], cells["MOVIEID"], cells["RATING"], cells["TIMESTAMP"]
            ),
        )

    def _films(self) -> Iterator[Item | BadRow]:
        rows = table(self.films, "MOVIEID", "TITLE", "GENRES")
        return parse_each(rows, self._film)

    def _film(self, cells: dict[str, str]) -> Item:
        external_id, title = cells["MOVIEID"], cells["TITLE"]
        external_id = values.identifier(external_id, "movieId")
        year = YEAR_IN_TITLE.search(title)
        genres = [] if cells["GENRES"] == NO_GENRES else cells["GENRES"].split("|")
        return Item(
            external_id=external_id,
            title=values.shorten(title, values.MAX_TITLE) or f"Film {external_id}",
            url=f"https://movielens.org/movies/{external_id}",
            published_at=release_date(f"01-Jan-{year[1]}") if year else None,
            categories=tuple(
                (PARENT, values.category(name, "genres")) for name in genres
            )
            or ((PARENT, ""),),
        )
