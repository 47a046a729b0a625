"""Tiny datasets, made up: a folder of each layout, and how to vary it."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

KUAIRAND_COLUMNS = (
    "user_id",
    "video_id",
    "time_ms",
    "play_time_ms",
    "duration_ms",
    "label",
)


def ml100k(folder: Path, *, ratings: str | None = None) -> Path:
    """Two people, three films; the third has no date, address or genre."""
    folder.mkdir(exist_ok=True)
    marks = {1: {2}, 2: {1, 5}, 3: {0}}
    films = [
        "1|Quiet Harbour (1995)|04-Mar-1995||http://films.example/1",
        "2|Café Noir (1996)|01-Jan-1996||http://films.example/2",
        "3|unknown|||",
    ]
    rows = [
        f"{film}|{'|'.join(str(int(g in marks[n])) for g in range(19))}"
        for n, film in enumerate(films, start=1)
    ]
    (folder / "u.item").write_bytes("\n".join(rows).encode("latin-1"))
    if ratings is None:
        ratings = "7\t1\t5\t880000000\n7\t2\t1\t880000100\n8\t2\t4\t880000200\n"
    (folder / "u.data").write_text(ratings)
    return folder


def ml1m(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "movies.dat").write_text(
        "10::Night Train (1987)::Drama|Film-Noir\n20::Élan (1999)::Comedy\n"
    )
    return folder


def ml1m_ratings(folder: Path) -> Path:
    ml1m(folder)
    (folder / "users.dat").write_text("1::F::25::3::12345\n2::M::35::7::54321\n")
    (folder / "ratings.dat").write_text("1::10::4::970000000\n1::20::2::970000060\n")
    return folder


def ml1m_order(folder: Path, **columns: list[int]) -> Path:
    """Person 1 saw 20, then 10; person 2 saw 10 alone."""
    ml1m(folder)
    columns = {"user": [1, 1, 2], "movie": [20, 10, 10], "order": [0, 1, 0]} | columns
    arrays = {name: np.array(values) for name, values in columns.items()}
    np.savez(folder / "interactions.npz", **arrays)
    return folder


def kuairand(folder: Path, *rows: tuple[object, ...]) -> Path:
    """`rows` have the columns of `KUAIRAND_COLUMNS`."""
    folder.mkdir(exist_ok=True)
    lines = ["\t".join(map(str, row)) for row in (KUAIRAND_COLUMNS, *rows)]
    with gzip.open(folder / "feedback.csv.gz", "wt") as file:
        file.write("\n".join(lines) + "\n")
    return folder


def personalize(
    folder: Path, interactions: str, *, items: str = "", users: str = ""
) -> Path:
    folder.mkdir(exist_ok=True)
    files = {"interactions": interactions, "items": items, "users": users}
    for name, text in files.items():
        if text:
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def movielens_csv(folder: Path) -> Path:
    """Two people, three films; titles with commas, quotes and no year, as published."""
    folder.mkdir(exist_ok=True)
    (folder / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\n"
        "1,29,4.5,1147880044\n1,131170,0.5,1147880045\n2,171011,4.0,1147880046\n"
    )
    (folder / "movies.csv").write_text(
        "movieId,title,genres\n"
        '29,"City of Lost Children, The (Cité des enfants perdus, La) (1995)",'
        "Adventure|Sci-Fi\n"
        '131170,"Parallels ""One"" (1922)",Drama\n'
        "171011,Planet Earth II,(no genres listed)\n",
        encoding="utf-8",
    )
    return folder
