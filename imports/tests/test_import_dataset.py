"""The command: what it refuses, what it says, and that its summary is true."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import User
from imports.tests import folders
from interactions.models import Like, Rating, Watch
from videos.models import Video

pytestmark = pytest.mark.django_db
HEADER = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\n"
AT = 1_700_000_000


@pytest.fixture
def importing(tmp_path, capsys):
    """Imports texts of files; gives what the command writes to stdout and stderr."""

    def run(interactions, *, items="", users="", name="data", **options):
        folder = folders.personalize(
            tmp_path / name, interactions, items=items, users=users
        )
        call_command("import_dataset", folder, format="csv", verbosity=0, **options)
        captured = capsys.readouterr()
        return captured.out, captured.err

    return run


def test_the_summary_counts_rows_of_all_files(importing):
    out, err = importing(
        f"{HEADER}u,i,{AT},watch,1\nu,i,{AT + 5},like,\nw,j,{AT + 1},buy,\n",
        items="ITEM_ID,TITLE\ni,A\n,B\nk,C\n",
        users="USER_ID\nu\nv\n \n",
    )
    assert (
        "9 rows read, 3 bad rows; added 2 people, 2 videos, 1 watches, 1 likes" in out
    )
    assert User.objects.filter(source="csv").count() == 2
    assert Video.objects.filter(source="csv").count() == 2
    assert (Watch.objects.count(), Like.objects.count()) == (1, 1)
    assert [line.split(":")[0] for line in err.splitlines()] == [
        "users.csv line 4",
        "items.csv line 3",
        "interactions.csv line 4",
    ]


def test_a_rating_that_replaces_another_is_not_added(importing):
    rating = f"{HEADER}u,i,{AT},rating,73\n"
    assert "1 ratings in" in importing(rating)[0]
    newer = f"{rating}u,i,{AT + 9},rating,20\nv,i,{AT + 9},rating,30\n"
    assert "1 ratings (1 more changed) in" in importing(newer)[0]
    assert "0 ratings in" in importing(newer)[0]
    percents = Rating.objects.order_by("user__external_id")
    assert list(percents.values_list("percent", flat=True)) == [20, 30]


@pytest.mark.parametrize(
    ("stars", "scale", "percents"),
    [
        ((1, 3, 5), 5, [20, 60, 100]),
        ((0.5, 2.5, 5), 5, [10, 50, 100]),
        ((1, 7, 10), 10, [10, 70, 100]),
        ((1, 7, 10), 100, [1, 7, 10]),
    ],
)
def test_stars_are_not_taken_as_percentages(importing, stars, scale, percents):
    rows = [f"u{n},i,{AT + n},rating,{value}\n" for n, value in enumerate(stars)]
    text = HEADER + "".join(rows)
    with pytest.raises(CommandError, match=r"ratings are at most .* --rating-scale 5"):
        importing(text)
    assert not User.objects.exists()
    importing(text, rating_scale=scale)
    ratings = Rating.objects.order_by("user__external_id")
    assert list(ratings.values_list("percent", flat=True)) == percents


def test_a_rating_outside_of_its_scale_is_told(importing):
    text = f"{HEADER}u,i,{AT},rating,4\nu,j,{AT},rating,6\nu,k,{AT},rating,0\n"
    _, err = importing(text, rating_scale=5)
    assert "line 3: EVENT_VALUE '6' is not within 0.05 to 5" in err
    assert "line 4: EVENT_VALUE '0' is not within 0.05 to 5" in err
    assert Rating.objects.get().percent == 80


def test_whole_numbers_with_decimals_are_the_same_ids_and_told(importing):
    _, err = importing(
        f"{HEADER}12.0,7.0,{AT},watch,1\n12,7,{AT + 1},watch,1\n12.5,7,{AT},like,\n",
        items="ITEM_ID,TITLE\n7,Seven\n",
        users="USER_ID\n12\n",
    )
    people = User.objects.filter(source="csv").values_list("external_id", flat=True)
    assert sorted(people) == ["12", "12.5"]
    assert Video.objects.get(source="csv").title == "Seven"
    assert "Note: 1 ITEM_IDs with decimals, such as 12.0, were read without" in err
    assert "Note: 1 USER_IDs with decimals, such as 12.0, were read without" in err


def test_ids_and_times_that_a_spreadsheet_rounded_are_refused(importing):
    _, err = importing(
        f"{HEADER}1.23457E+15,i,{AT},watch,1\nu,1.2E+10,{AT},watch,1\n"
        f"u,i,1.7E+12,watch,1\nu,i,{AT},watch,1\n"
    )
    rounded = "was rounded by a spreadsheet: show the column as numbers"
    assert [line for line in err.splitlines() if rounded not in line] == []
    assert [line.split(":")[0] for line in err.splitlines()] == [
        f"interactions.csv line {line}" for line in (2, 3, 4)
    ]
    assert Watch.objects.count() == 1


@pytest.mark.parametrize(
    ("time", "note"),
    [
        (AT, "all 2 interactions have the time 2023-11-14T22:13:20+00:00"),
        (17, "all 2 interactions have the time 1970-01-01T00:00:17+00:00"),
    ],
)
def test_times_that_are_all_equal_are_told(importing, time, note):
    _, err = importing(f"{HEADER}u,i,{time},watch,1\nv,i,{time},watch,1\n")
    assert note in err


def test_times_of_the_seventies_are_told(importing):
    _, err = importing(f"{HEADER}u,i,1000,watch,1\nv,i,90000,watch,1\n")
    assert "the newest interaction is of 1970-01-02: times are in seconds" in err


def test_other_units_are_told(importing):
    watches = f"{HEADER}u,i,{AT},watch,0.5\nv,i,{AT + 1},watch,1\n"
    items = "ITEM_ID,DURATION\ni,190000\n"
    _, err = importing(watches, items=items, event_value="percent")
    assert "none of 2 watches is over 1 percent: if EVENT_VALUE is a fraction" in err
    assert "1 items last over a day: DURATION is in seconds" in err
    assert importing(watches, name="usual")[1] == ""


def test_items_from_before_1970_keep_their_title_and_page(importing, client):
    """Their dates are negative, and so are the cursors of the pages that they end."""
    years = {1888: -2587766400, 1922: -1514764800, 1969: -1, 1995: 788918400}
    items = "".join(f"{year},Film of {year},{at}\n" for year, at in years.items())
    rows = "".join(f"u,{year},{AT},watch,1\n" for year in years)
    _, err = importing(
        HEADER + rows, items=f"ITEM_ID,TITLE,CREATION_TIMESTAMP\n{items}"
    )
    assert "bad" not in err
    address, titles = reverse("api-video-list") + "?limit=1", []
    cursor = ""
    for _ in range(10):
        page = client.get(address + cursor).json()
        titles += [video["title"] for video in page["results"]]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert titles == [f"Film of {year}" for year in (1995, 1969, 1922, 1888)]


@pytest.mark.parametrize("date", ["1995", "19950304", "1995.0"])
def test_a_date_is_not_taken_as_unix_time(importing, date):
    items = f"ITEM_ID,TITLE,CREATION_TIMESTAMP\ni,A,{date}\n"
    _, err = importing(f"{HEADER}u,i,{AT},watch,1\n", items=items)
    assert f"CREATION_TIMESTAMP '{date}' is a date: write it as a Unix time" in err


def test_options_of_csv_are_refused_elsewhere(tmp_path):
    with pytest.raises(CommandError, match="--rating-scale, --encoding are for"):
        call_command(
            "import_dataset",
            folders.ml100k(tmp_path),
            format="movielens-100k",
            encoding="cp1252",
        )
