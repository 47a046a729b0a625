from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from imports.movielens import MovieLens1M, MovieLens100K
from imports.records import BadRow, DatasetError, Interaction, Item
from imports.tests import folders


def test_100k_rating_is_a_watch_of_a_fifth_per_star(tmp_path):
    five, one, four = MovieLens100K(folders.ml100k(tmp_path)).interactions()
    assert isinstance(five, Interaction)
    assert (five.person, five.item.external_id, five.fraction, five.liked) == (
        "7",
        "1",
        1.0,
        True,
    )
    assert five.at == datetime(1997, 11, 20, 4, 26, 40, tzinfo=UTC)
    assert (one.fraction, one.liked) == (0.2, False)
    assert (four.fraction, four.liked) == (0.8, True)


def test_100k_films_have_dates_genres_and_an_address(tmp_path):
    harbour, cafe, unknown = MovieLens100K(folders.ml100k(tmp_path)).items()
    assert harbour == Item(
        external_id="1",
        title="Quiet Harbour (1995)",
        url="http://films.example/1",
        published_at=datetime(1995, 3, 4, tzinfo=UTC),
        categories=(("Movies", "Adventure"),),
    )
    assert cafe.title == "Café Noir (1996)"  # Latin-1, as GroupLens has it
    assert cafe.categories == (("Movies", "Action"), ("Movies", "Comedy"))
    assert unknown.categories == (("Movies", ""),)
    assert unknown.published_at is None
    assert unknown.url == "https://grouplens.org/datasets/movielens/100k/#3"


def test_100k_bad_rows_are_named_by_line(tmp_path):
    folder = folders.ml100k(
        tmp_path,
        ratings="7\t1\t6\t880000000\n"
        "7\t99\t3\t880000000\n"
        "\n"
        "7\t1\t3\n"
        "7\t1\tnan\t880000000\n"
        "7\t1\t3\t-5\n"
        "\t1\t3\t880000000\n"
        "7\t1\t3\t88\0\n",
    )
    rows = list(MovieLens100K(folder).interactions())
    assert [str(row) for row in rows] == [
        "u.data line 1: rating '6' is not within 0.5 to 5",
        "u.data line 2: film '99' is not among the films",
        "u.data line 4: has 3 columns, not 4",
        "u.data line 5: rating 'nan' is not within 0.5 to 5",
        "u.data line 6: timestamp '-5' is not a Unix time of the past",
        "u.data line 7: user is empty",
        "u.data line 8: has a NUL character",
    ]


def test_100k_bad_film_is_named_once_and_its_ratings_too(tmp_path):
    folder = folders.ml100k(tmp_path)
    text = (folder / "u.item").read_bytes().replace(b"04-Mar-1995", b"spring")
    (folder / "u.item").write_bytes(text)
    dataset = MovieLens100K(folder)
    bad = [item for item in dataset.items() if isinstance(item, BadRow)]
    assert [str(row) for row in bad] == [
        "u.item line 1: release date 'spring' is not like 01-Jan-1995"
    ]
    assert [type(row) for row in dataset.interactions()] == [
        BadRow,
        Interaction,
        Interaction,
    ]


def test_1m_in_the_original_layout(tmp_path):
    dataset = MovieLens1M(folders.ml1m_ratings(tmp_path))
    assert list(dataset.people()) == ["1", "2"]
    train, elan = dataset.items()
    assert (elan.title, elan.url) == ("Élan (1999)", "https://movielens.org/movies/20")
    assert train.published_at == datetime(1987, 1, 1, tzinfo=UTC)
    assert train.categories == (("Movies", "Drama"), ("Movies", "Film-Noir"))
    first, second = dataset.interactions()
    assert (first.item, first.fraction, first.liked) == (train, 0.8, True)
    assert (second.item, second.fraction, second.liked) == (elan, 0.4, False)
    assert dataset.size() == 2


def test_1m_order_alone_is_spread_over_a_year_within_each_person(tmp_path):
    dataset = MovieLens1M(folders.ml1m_order(tmp_path))
    rows = list(dataset.interactions())
    year = timedelta(days=365)
    start = datetime(2001, 1, 1, tzinfo=UTC)
    assert [(row.person, row.item.external_id, row.at - start) for row in rows] == [
        ("1", "20", year / 4),
        ("1", "10", year * 3 / 4),
        ("2", "10", year / 2),
    ]
    assert {(row.fraction, row.liked) for row in rows} == {(1, False)}
    assert dataset.size() == 3


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [
        ({"order": [0, 1]}, "of one length"),
        ({"movie": [1.5, 2.5, 3.5]}, "whole-number"),
        ({"user": [1, 1, -2]}, "negative"),
    ],
)
def test_1m_refuses_odd_arrays(tmp_path, columns, complaint):
    dataset = MovieLens1M(folders.ml1m_order(tmp_path, **columns))
    with pytest.raises(DatasetError, match=complaint):
        dataset.size()


def test_1m_refuses_what_is_no_archive(tmp_path):
    folder = folders.ml1m_order(tmp_path)
    whole = (folder / "interactions.npz").read_bytes()
    for content in (b"", b"PK\x03\x04 broken", b"not an archive", whole[:-50]):
        (folder / "interactions.npz").write_bytes(content)
        with pytest.raises(DatasetError, match=r"interactions\.npz"):
            MovieLens1M(folder).size()


def test_1m_names_unknown_films_by_position(tmp_path):
    dataset = MovieLens1M(folders.ml1m_order(tmp_path, movie=[20, 5, 10]))
    bad = [row for row in dataset.interactions() if isinstance(row, BadRow)]
    assert [str(row) for row in bad] == [
        "interactions.npz line 2: film '5' is not among the films"
    ]
