from __future__ import annotations

from datetime import UTC, datetime

import pytest

from imports.csv_folder import CsvFolder
from imports.records import BadRow, DatasetError, Interaction, Item
from imports.tests import folders

HEADER = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\n"


def _only(folder, **options) -> Interaction | BadRow:
    (row,) = CsvFolder(folder, **options).interactions()
    return row


@pytest.mark.parametrize(
    ("event", "fraction", "liked", "dismissed"),
    [
        ("watch,0.8", 0.8, False, False),
        ("Watch,1", 1.0, False, False),
        ("view,", None, False, False),  # a view that nobody timed
        ("click,", 0.0, False, False),
        ("watched,", 0.51, False, False),  # more than half, as its label says
        ("clicked,0.4", 0.4, False, False),
        ("LIKE,", None, True, False),
        ("Not Interested,", None, False, True),
    ],
)
def test_events(tmp_path, event, fraction, liked, dismissed):
    row = _only(folders.personalize(tmp_path, f"{HEADER}u,i,1700000000,{event}\n"))
    assert isinstance(row, Interaction)
    assert (row.fraction, row.liked, row.dismissed) == (fraction, liked, dismissed)
    assert row.viewed == event.lower().startswith(("watch", "view", "clicked"))


def test_inspires_and_ratings(tmp_path):
    text = f"{HEADER}u,i,1700000000,inspire,\nu,i,1700000000,Rating,73\n"
    inspire, rating = CsvFolder(folders.personalize(tmp_path, text)).interactions()
    assert (inspire.inspired, inspire.rating, inspire.fraction) == (True, None, None)
    assert (rating.inspired, rating.rating, rating.fraction) == (False, 73, None)
    assert not any((rating.viewed, rating.liked, rating.dismissed))


@pytest.mark.parametrize("value", ["", "0", "101", "good"])
def test_a_rating_is_a_percentage(tmp_path, value):
    text = f"{HEADER}u,i,1700000000,rating,{value}\n"
    row = _only(folders.personalize(tmp_path, text))
    assert isinstance(row, BadRow)
    assert "EVENT_VALUE" in row.reason


def test_percentages_when_told(tmp_path):
    folder = folders.personalize(tmp_path, f"{HEADER}u,i,1700000000,watch,80\n")
    assert _only(folder, event_value="percent").fraction == 0.8
    refused = (
        "EVENT_VALUE '80' is not within 0 to 1: percentages need --event-value percent"
    )
    assert str(_only(folder)) == f"interactions.csv line 2: {refused}"


def test_event_type_may_be_missing_and_columns_in_any_order(tmp_path):
    text = "\ufefftimestamp,item_id,user_id\n1700000000000,i,u\n"
    row = _only(folders.personalize(tmp_path, text))
    assert (row.person, row.item.external_id, row.event) == ("u", "i", "watch")
    assert row.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_item_without_metadata_has_an_address_that_cannot_answer(tmp_path):
    text = f"{HEADER}u,a/b?,1700000000,watch,1\n"
    row = _only(folders.personalize(tmp_path, text), source="shop")
    assert row.item == Item("a/b?", "Item a/b?", "https://shop.invalid/a%2Fb%3F")


def test_item_metadata(tmp_path):
    folder = folders.personalize(
        tmp_path,
        HEADER,
        items="ITEM_ID,TITLE,GENRES,CREATION_TIMESTAMP,DURATION,PRODUCT_DESCRIPTION,"
        "URL,PRICE\n"
        'i,"Fog, and\nsea",Drama|Crime,1700000000,90.5,Long ago.,https://a.example/i,4\n'
        "j,,,,,,,\n",
    )
    full, bare = CsvFolder(folder).items()
    assert full == Item(
        external_id="i",
        title="Fog, and\nsea",
        url="https://a.example/i",
        description="Long ago.",
        duration=90.5,
        published_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        categories=(("Imported from csv", "Drama"), ("Imported from csv", "Crime")),
    )
    assert bare == Item("j", "Item j", "https://csv.invalid/j")


@pytest.mark.parametrize(
    ("cells", "categories"),
    [
        ("Music|Sport,Jazz|Judo", (("Music", "Jazz"), ("Sport", "Judo"))),
        ("Music,Jazz|Pop", (("Music", "Jazz"), ("Music", "Pop"))),
        ("Music|Sport,", (("Music", ""), ("Sport", ""))),
        (",", ()),
    ],
)
@pytest.mark.parametrize("header", ["GENRES,GENRE_L2", "CATEGORY_L1,CATEGORY_L2"])
def test_two_levels_are_parents_and_categories(tmp_path, header, cells, categories):
    items = f"ITEM_ID,{header}\ni,{cells}\n"
    (item,) = CsvFolder(folders.personalize(tmp_path, HEADER, items=items)).items()
    assert isinstance(item, Item)
    assert item.categories == categories


def test_bad_items_are_named_by_line(tmp_path):
    header = "ITEM_ID,DURATION,URL,CREATION_TIMESTAMP,GENRES,GENRE_L2\n"
    rows = [
        ",1,,,,",
        "i,-1,,,,",
        "i,,javascript:alert(1),,,",
        "i,,,never,,",
        "i,,,,A|B,1|2|3",
        f"i,,,,{'A' * 61},x",
        "i",
        "i\0,,,,,",
        f"{'i' * 257},,,,,",
        f"{'i' * 140000},,,,,",
    ]
    items = header + "\n".join(rows) + "\n"
    folder = folders.personalize(tmp_path, HEADER, items=items)
    bad = list(CsvFolder(folder).items())
    assert all(isinstance(row, BadRow) for row in bad)
    assert [row.line for row in bad] == list(range(2, 12))
    assert "CREATION_TIMESTAMP 'never' is not a number" in str(bad[3])
    assert "GENRES has 2 values, GENRE_L2 has 3" in str(bad[4])


def test_unknown_event_is_named_with_those_known(tmp_path):
    row = _only(folders.personalize(tmp_path, f"{HEADER}u,i,1700000000,buy,\n"))
    assert str(row) == (
        "interactions.csv line 2: EVENT_TYPE 'buy' is none of click, clicked, "
        "dislike, inspire, like, not_interested, play, rating, view, watch, watched"
    )


def test_users_file(tmp_path):
    folder = folders.personalize(tmp_path, HEADER, users="USER_ID,AGE\nu,7\n ,8\n")
    user, bad = CsvFolder(folder).people()
    assert (user, str(bad)) == ("u", "users.csv line 3: USER_ID is empty")


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"USER_ID;ITEM_ID\n"])
def test_wrong_header_is_an_error(tmp_path, content):
    (tmp_path / "interactions.csv").write_bytes(content)
    with pytest.raises(DatasetError, match="has no column"):
        list(CsvFolder(tmp_path).interactions())


def test_wrong_encoding_is_an_error_with_its_line(tmp_path):
    text = f"{HEADER}é,i,1700000000,watch,1\n"
    (tmp_path / "interactions.csv").write_bytes(text.encode("cp1252"))
    with pytest.raises(DatasetError, match=r"line 2: not UTF-8: save .* --encoding"):
        list(CsvFolder(tmp_path).interactions())
    assert _only(tmp_path, encoding="cp1252").person == "é"
    with pytest.raises(DatasetError, match="unknown encoding: excel"):
        CsvFolder(tmp_path, encoding="excel")


def test_endless_line_is_an_error(tmp_path):
    (tmp_path / "interactions.csv").write_bytes(b"x" * (2 << 20))
    with pytest.raises(DatasetError, match="over 1 MB"):
        list(CsvFolder(tmp_path).interactions())
