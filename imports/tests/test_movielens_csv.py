from __future__ import annotations

import zipfile
from datetime import UTC, datetime

import pytest

from imports.formats import FORMATS
from imports.records import DatasetError, Interaction, Item
from imports.tests import folders

RELEASES = ("20m", "25m", "32m", "latest")


def dataset(path, release="latest"):
    return FORMATS[f"movielens-{release}"](path)


def test_films_have_genres_and_years(tmp_path):
    city, parallels, planet = dataset(folders.movielens_csv(tmp_path)).items()
    assert city == Item(
        external_id="29",
        title="City of Lost Children, The (Cité des enfants perdus, La) (1995)",
        url="https://movielens.org/movies/29",
        published_at=datetime(1995, 1, 1, tzinfo=UTC),
        categories=(("Movies", "Adventure"), ("Movies", "Sci-Fi")),
    )
    assert parallels.title == 'Parallels "One" (1922)'
    assert parallels.published_at == datetime(1922, 1, 1, tzinfo=UTC)
    assert (planet.published_at, planet.categories) == (None, (("Movies", ""),))


def test_ratings_are_watches_and_likes(tmp_path):
    data = dataset(folders.movielens_csv(tmp_path))
    rows = list(data.interactions())
    assert all(isinstance(row, Interaction) for row in rows)
    assert [(row.person, row.item.external_id) for row in rows] == [
        *(("1", "29"), ("1", "131170"), ("2", "171011"))
    ]
    assert [(row.fraction, row.liked) for row in rows] == [
        *((0.9, True), (0.1, False), (0.8, True))
    ]
    assert rows[0].at == datetime(2006, 5, 17, 15, 34, 4, tzinfo=UTC)
    assert data.size() == 3


def test_each_release_is_a_source_of_its_own(tmp_path):
    folder = folders.movielens_csv(tmp_path)
    sources = {release: dataset(folder, release).source for release in RELEASES}
    assert len({*sources.values()}) == len(RELEASES)
    assert sources["32m"] == "ml32m"


def test_the_archive_of_grouplens_is_read_as_it_is(tmp_path):
    folder = folders.movielens_csv(tmp_path / "ml-32m")
    with zipfile.ZipFile(tmp_path / "ml-32m.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.iterdir():
            archive.write(path, f"ml-32m/{path.name}")
    packed = dataset(tmp_path / "ml-32m.zip", "32m")
    assert list(packed.items()) == list(dataset(folder, "32m").items())
    assert list(packed.interactions()) == list(dataset(folder, "32m").interactions())
    assert packed.size() == 3


def test_bad_rows_are_told(tmp_path):
    folder = folders.movielens_csv(tmp_path)
    (folder / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\n1,29,5.5,1147880044\n1,30,5,1147880044\n"
        "1,29,5,1.147E+09\n"
    )
    assert [str(row) for row in dataset(folder).interactions()] == [
        "ratings.csv line 2: rating '5.5' is not within 0.5 to 5",
        "ratings.csv line 3: film '30' is not among the films",
        "ratings.csv line 4: timestamp '1.147E+09' was rounded by a spreadsheet: show "
        "the column as numbers without decimals and export it again",
    ]


def test_other_releases_are_not_taken_for_it(tmp_path):
    folders.ml1m_ratings(tmp_path)
    with pytest.raises(DatasetError, match=r"has no ratings\.csv"):
        dataset(tmp_path)
