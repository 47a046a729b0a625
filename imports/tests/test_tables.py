"""Files as spreadsheets, pandas and people write them."""

from __future__ import annotations

import codecs
import gzip
import zipfile

import pytest

from imports.csv_folder import CsvFolder
from imports.records import BadRow, DatasetError
from imports.tables import CONTINUED, UNCLOSED, table

TEXT = "USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,1700000000\nu2,i2,1700000001\n"
PAIRS = [("u1", "i1"), ("u2", "i2")]


def pairs(folder):
    rows = list(CsvFolder(folder).interactions())
    assert not any(isinstance(row, BadRow) for row in rows)
    return [(row.person, row.item.external_id) for row in rows]


def cells(tmp_path, text, *required):
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode())
    return [
        str(row) if isinstance(row, BadRow) else (row.line, *row.cells.values())
        for row in table(path, *required)
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_delimiters_line_ends_and_encodings(tmp_path, delimiter, end, encoding):
    text = TEXT.replace(",", delimiter).replace("\n", end)
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    content = mark.get(encoding, b"") + text.encode(encoding)
    (tmp_path / "interactions.csv").write_bytes(content)
    assert pairs(tmp_path) == PAIRS
    assert CsvFolder(tmp_path).size() == 2


def test_lines_that_excel_adds(tmp_path):
    text = "sep=;\n" + TEXT.replace(",", ";").replace("\n", ";;\n") + ";;;;\n\n"
    (tmp_path / "interactions.csv").write_text(text)
    assert pairs(tmp_path) == PAIRS


def test_packed_files_and_folders(tmp_path):
    folder = tmp_path / "gz"
    folder.mkdir()
    with gzip.open(folder / "interactions.csv.gz", "wt") as file:
        file.write(TEXT)
    assert pairs(folder) == PAIRS

    folder = tmp_path / "zip"
    folder.mkdir()
    with zipfile.ZipFile(folder / "interactions.csv.zip", "w") as archive:
        archive.writestr("export/anything.csv", TEXT)
    assert pairs(folder) == PAIRS

    for inside in ("interactions.csv", "export-1/interactions.csv"):
        with zipfile.ZipFile(tmp_path / "whole.zip", "w") as archive:
            archive.writestr(inside, TEXT)
        assert pairs(tmp_path / "whole.zip") == PAIRS


def test_a_broken_archive_is_an_error(tmp_path):
    with zipfile.ZipFile(tmp_path / "whole.zip", "w") as archive:
        archive.writestr("interactions.csv", TEXT)
    content = (tmp_path / "whole.zip").read_bytes()
    for broken in (b"", content[:40], content[:30] + b"?" * 40 + content[70:]):
        (tmp_path / "whole.zip").write_bytes(broken)
        with pytest.raises(DatasetError, match=r"whole\.zip"):
            pairs(tmp_path / "whole.zip")


def test_a_quote_that_nothing_closes_costs_its_own_row(tmp_path):
    lines = [f'{n},"title {n}",x' for n in range(1, 10_001)]
    lines[2146] = '2147,"a stray quote,x'
    rows = cells(tmp_path, "ITEM_ID,TITLE,Z\n" + "\n".join(lines), "ITEM_ID")
    assert rows.pop(2146) == f"rows.csv line 2148: {UNCLOSED}"
    assert len(rows) == 9999
    assert rows[2146] == (2149, "2148", "title 2148", "x")


def test_two_stray_quotes_do_not_swallow_what_is_between(tmp_path):
    text = 'ITEM_ID,TITLE,Z\n1,"a,x\n2,b,x\n3,c",x\n4,d,x\n'
    assert cells(tmp_path, text, "ITEM_ID") == [
        f"rows.csv line 2: {UNCLOSED}",
        (3, "2", "b", "x"),
        (4, "3", 'c"', "x"),
        (5, "4", "d", "x"),
    ]


def test_a_cell_in_quotes_may_have_lines_delimiters_and_quotes(tmp_path):
    text = 'ITEM_ID;TITLE;Z\r\n1;"Fog; and\r\n\r\n""sea"", or\r\nso";x\r\n2;b;x\r\n'
    assert cells(tmp_path, text, "ITEM_ID") == [
        (2, "1", 'Fog; and\r\n\r\n"sea", or\r\nso', "x"),
        (6, "2", "b", "x"),
    ]


def test_text_after_a_closing_quote_is_told(tmp_path):
    text = 'ITEM_ID,TITLE,Z\n1,"Crocodile" Dundee,x\n2,5" disc,x\n'
    assert cells(tmp_path, text, "ITEM_ID") == [
        f"rows.csv line 2: {CONTINUED}",
        (3, "2", '5" disc', "x"),
    ]


def test_titles_with_quotes_between_tabs_are_as_written(tmp_path):
    titles = ['"Crocodile" Dundee', '"Great Escape', *"bcdefg", 'End"', "h"]
    lines = [f"{n}\t{title}\tx" for n, title in enumerate(titles)]
    rows = cells(tmp_path, "\n".join(["ITEM_ID\tTITLE\tZ", *lines]), "ITEM_ID")
    assert [row[2] for row in rows] == titles


def test_too_many_columns_say_what_to_do(tmp_path):
    text = "ITEM_ID,TITLE\n1,Fog, and sea\n2\n"
    assert cells(tmp_path, text, "ITEM_ID") == [
        "rows.csv line 2: has 3 columns, the header 2: quote cells that hold a comma",
        "rows.csv line 3: has 1 columns, the header 2",
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("ITEM_ID,TITLE,title\n1,a,b\n", "has TITLE twice"),
        ("id;title\n1;a\n", "no column ITEM_ID: it is 'id;title'"),
        ("", "no column ITEM_ID"),
        ("sep=;", "no column ITEM_ID"),
        ('"ITEM_ID', "no column ITEM_ID"),
    ],
)
def test_headers_that_do_not_fit(tmp_path, text, complaint):
    with pytest.raises(DatasetError, match=complaint):
        cells(tmp_path, text, "ITEM_ID")
