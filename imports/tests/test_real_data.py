"""Published data, as it is and as it comes back from Excel."""

from __future__ import annotations

from itertools import islice

import pytest
from django.conf import settings

from imports.csv_folder import CsvFolder
from imports.kuairand import KuaiRand
from imports.movielens import MovieLens100K
from imports.records import BadRow

DATA = settings.BASE_DIR.parent / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="needs the data sets in ../shared/data"
)


def test_movielens_through_excel(tmp_path):
    """Semicolons, CR, UTF-16, and one quote too many."""
    films = list(MovieLens100K(DATA / "ml100k").items())
    rows = list(islice(MovieLens100K(DATA / "ml100k").interactions(), 10_000))
    assert len(films) == 1682
    assert not any(isinstance(row, BadRow) for row in (*films, *rows))

    lines = ["USER_ID;ITEM_ID;TIMESTAMP;EVENT_TYPE;EVENT_VALUE"]
    lines += [
        f"{row.person};{row.item.external_id};{row.at.timestamp():.0f};watch;"
        f"{row.fraction}"
        for row in rows
    ]
    lines[2146] = f'"{lines[2146]}'
    titles = [f"{film.external_id};{film.title}" for film in films]
    for name, text in (("interactions", lines), ("items", ["ITEM_ID;TITLE", *titles])):
        content = "\r".join(text).encode("utf-16")
        (tmp_path / f"{name}.csv").write_bytes(content)

    back = CsvFolder(tmp_path)
    assert [item.title for item in back.items()] == [film.title for film in films]
    results = list(back.interactions())
    [bad] = [row for row in results if isinstance(row, BadRow)]
    assert bad.line == 2147
    results.remove(bad)
    del rows[2145]
    assert [(r.person, r.item.external_id, r.at, r.fraction) for r in results] == [
        (r.person, r.item.external_id, r.at, r.fraction) for r in rows
    ]


def test_kuairand_is_read_whole():
    rows = list(islice(KuaiRand(DATA / "kuairand").interactions(), 5_000))
    assert len(rows) == 5_000
    assert not any(isinstance(row, BadRow) for row in rows)
