"""Whatever a file holds: no traceback, and each row is read or told."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from imports.csv_folder import CsvFolder
from imports.kuairand import KuaiRand
from imports.movielens import MovieLens1M, MovieLens100K
from imports.movielens_csv import MovieLensCsv
from imports.records import BadRow, Dataset, DatasetError, Interaction, Item
from imports.tables import table

ONE_FOLDER = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
# Everything that one of the formats could trip over, and any text.
ODD = st.sampled_from(
    [
        *("", " ", '"', '""', '"a', 'a"b', "\0", "\u202e", "\r", "\n", "\r\n", ","),
        *(";", "\t", "::", "|", "nan", "inf", "-inf", "1e400", "1.7E+12", "12.0"),
        *("-1", "0", "1", "5", "100", "1700000000", "1700000000000", "9" * 400),
        *("-9e9", "١٢", "watch", "rating", "like", "2023-11-14", "a" * 300),
        "https://a.example/b",
    ]
)
CELL = ODD | st.text(max_size=12)
ROWS = st.lists(st.lists(CELL, max_size=7), max_size=8)
HEADERS = {
    "interactions.csv": "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE",
    "items.csv": "ITEM_ID,TITLE,GENRES,CREATION_TIMESTAMP,DURATION,URL",
    "users.csv": "USER_ID",
    "feedback.csv": "USER_ID,VIDEO_ID,TIME_MS,PLAY_TIME_MS,DURATION_MS,LABEL",
    "ratings.csv": "userId,movieId,rating,timestamp",
    "movies.csv": "movieId,title,genres",
}
DATASETS: dict[str, tuple[Callable[..., Dataset], dict[str, str]]] = {
    "csv": (CsvFolder, dict.fromkeys(list(HEADERS)[:3], ",")),
    "kuairand": (KuaiRand, {"feedback.csv": "\t"}),
    "movielens csv": (
        lambda path: MovieLensCsv(path, release="latest"),
        {"ratings.csv": ",", "movies.csv": ","},
    ),
    "movielens 100k": (MovieLens100K, {"u.data": "\t", "u.item": "|"}),
    "movielens 1m": (
        MovieLens1M,
        dict.fromkeys(("ratings.dat", "movies.dat", "users.dat"), "::"),
    ),
}


def refusal(make: Callable[..., Dataset], path: Path) -> str:
    """Why the files cannot be read at all; empty if they were read."""
    try:
        read_all(make(path))
    except DatasetError as error:
        return str(error)
    return ""


def read_all(dataset: Dataset) -> None:
    kinds = ((dataset.people, str), (dataset.items, Item))
    for records, kind in (*kinds, (dataset.interactions, Interaction)):
        for record in records():
            if isinstance(record, BadRow):
                assert record.line >= 1
                assert record.reason
                assert len(str(record)) < 400
            else:
                assert isinstance(record, kind)
    assert dataset.contradiction() is not None
    assert dataset.size() >= 0
    assert all(dataset.notes())


@pytest.mark.parametrize("name", DATASETS)
@ONE_FOLDER
@given(data=st.data())
def test_any_cells(tmp_path, name, data):
    make, separators = DATASETS[name]
    for file, separator in separators.items():
        rows = data.draw(ROWS, label=file)
        header = HEADERS.get(file, "").replace(",", separator)
        lines = [header] * bool(header) + [separator.join(row) for row in rows]
        content = "\n".join(lines).encode()
        (tmp_path / file).write_bytes(content)
    assert "\n" not in refusal(make, tmp_path)


@pytest.mark.parametrize("name", DATASETS)
@ONE_FOLDER
@given(content=st.binary(max_size=300), start=st.booleans())
@example(content=b"\xff\xfeU", start=False)
@example(content=b"\xef\xbb\xbf", start=False)
@example(content=b'"' * 50, start=True)
def test_any_bytes(tmp_path, name, content, start):
    make, separators = DATASETS[name]
    for file, separator in separators.items():
        header = HEADERS.get(file, "").replace(",", separator).encode() + b"\n"
        (tmp_path / file).write_bytes(header * start + content)
    assert "\n" not in refusal(make, tmp_path)


PLAIN = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters='\n"')
)


@ONE_FOLDER
@given(
    rows=st.lists(st.tuples(st.integers(0, 999), PLAIN, PLAIN), max_size=20),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_a_program_writes_is_read_or_told(tmp_path, rows, delimiter, quoting, end):
    """Rows come back as they were. Only one whose cells hold lines may be told."""
    rows = [(n, a.replace("\n", end), b.replace("\n", end)) for n, a, b in rows]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerows([("ITEM_ID", "TITLE", "GENRES"), *rows])
    (tmp_path / "items.csv").write_bytes(text.getvalue().encode())
    wanted = [{"ITEM_ID": str(n), "TITLE": a, "GENRES": b} for n, a, b in rows]
    results = list(table(tmp_path / "items.csv", "ITEM_ID"))
    good = [row.cells for row in results if not isinstance(row, BadRow)]
    told = len(results) - len(good)
    assert len(good) + told >= len(rows)
    if not (told and any(end in a + b for _, a, b in rows)):
        assert good == wanted


@ONE_FOLDER
@given(
    stray=st.sets(st.integers(0, 199), max_size=12),
    form=st.sampled_from(['"{}', '"{}"x', '{}"', '"{}" {}']),
)
def test_stray_quotes_cost_no_other_row(tmp_path, stray, form):
    lines = [
        f"{n},{form.format('t', 'u') if n in stray else f'title {n}'},x"
        for n in range(200)
    ]
    text = "\n".join(["ITEM_ID,TITLE,GENRES", *lines])
    (tmp_path / "items.csv").write_text(text)
    results = list(table(tmp_path / "items.csv", "ITEM_ID"))
    assert len(results) == 200
    for number, row in enumerate(results):
        assert row.line == number + 2
        if number not in stray:
            assert not isinstance(row, BadRow)
            assert row.cells["TITLE"] == f"title {number}"
