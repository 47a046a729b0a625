"""What leaves, and that it comes back the same."""

from __future__ import annotations

import csv
import json

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.models import Inspire, Like, NotInterested, Rating, Watch
from interactions.tests.factories import watch
from videos.models import Video
from videos.tests.factories import make_category, make_parent_category, make_video

pytestmark = pytest.mark.django_db


def rows(path):
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture
def world():
    music = make_parent_category(name="Music")
    jazz = make_category(name="Jazz", parent_category=music)
    folk = make_category(name="Folk", parent_category=music)
    both = make_video(
        title='Blue, "green"\nand red', categories=[jazz, folk], duration=93.25
    )
    alone = make_video()
    alone.parent_categories.add(music)
    uploaded = make_video(external_url="", video_file="videos/x")
    ann, bob = make_user(username="ann"), make_user(username="bob")
    watch(both, user=ann, fraction=0.8)
    watch(both, user=bob, fraction=0.123456789)
    watch(alone, user=bob, fraction=1.0)
    watch(alone, user=ann, fraction=None)
    interactions.inspire(user=ann, video=alone)
    interactions.rate(user=bob, video=both, percent=73)
    interactions.like(user=ann, video=uploaded)
    interactions.not_interested(user=bob, video=uploaded)
    watch(make_video(visibility="private"), user=ann)
    return both, alone, uploaded


def shape_of(source):
    """What a source's people did, by titles of videos."""
    mine = {"user__source": source}

    def done(model, *columns):
        return sorted(
            model.objects.filter(**mine).values_list(
                "user__external_id", "video__title", *columns
            ),
            key=str,
        )

    videos = Video.objects.filter(source=source).order_by("title")
    return {
        "watches": done(Watch, "watch_time", "counted"),
        "likes": done(Like),
        "dismissals": done(NotInterested),
        "inspires": done(Inspire),
        "ratings": done(Rating, "percent"),
        "videos": [
            (
                video.title,
                video.duration,
                sorted(video.categories.values_list("name", flat=True)),
                sorted(video.parent_categories.values_list("name", flat=True)),
            )
            for video in videos
        ],
    }


@pytest.mark.django_db(transaction=True)  # as two imports, each of which commits
def test_it_comes_back_the_same_and_again(world, tmp_path, capsys):
    call_command("export_dataset", tmp_path / "a", format="personalize", verbosity=0)
    assert "8 interactions, 3 items" in capsys.readouterr().out
    call_command(
        "import_dataset",
        tmp_path / "a",
        format="personalize",
        source="first",
        all_or_nothing=True,
        verbosity=0,
    )
    first = shape_of("first")
    assert first["watches"] == [
        ("ann", world[0].title, 0.8, True),
        ("ann", world[1].title, None, True),
        ("bob", world[0].title, 0.123456789, False),
        ("bob", world[1].title, 1.0, True),
    ]
    assert first["likes"] == [("ann", world[2].title)]
    assert first["dismissals"] == [("bob", world[2].title)]
    assert first["inspires"] == [("ann", world[1].title)]
    assert first["ratings"] == [("bob", world[0].title, 73)]
    assert (world[0].title, 93.25, ["Folk", "Jazz"], ["Music"]) in first["videos"]
    assert (world[1].title, 60.0, [], ["Music"]) in first["videos"]
    people = User.objects.filter(source="first").values_list("external_id", flat=True)
    assert {"ann", "bob"} <= set(people)

    call_command(
        "export_dataset",
        tmp_path / "b",
        format="personalize",
        source="first",
        verbosity=0,
    )
    call_command(
        "import_dataset",
        tmp_path / "b",
        format="personalize",
        source="second",
        all_or_nothing=True,
        verbosity=0,
    )
    assert shape_of("second") == first


def test_schemas_name_the_columns_in_order(world, tmp_path):
    call_command("export_dataset", tmp_path, format="personalize", verbosity=0)
    for name in ("interactions", "items", "users"):
        schema = json.loads((tmp_path / f"{name}-schema.json").read_text())
        fields = [field["name"] for field in schema["fields"]]
        assert list(rows(tmp_path / f"{name}.csv")[0]) == fields
        assert schema["namespace"] == "com.amazonaws.personalize.schema"


def test_addresses_and_no_personal_data(world, tmp_path, settings):
    call_command("export_dataset", tmp_path, format="personalize", verbosity=0)
    addresses = {row["ITEM_ID"]: row["URL"] for row in rows(tmp_path / "items.csv")}
    uploaded = world[2]
    page = f"{settings.SITE_URL}{uploaded.get_absolute_url()}"
    assert addresses[uploaded.video_id] == page
    text = (tmp_path / "users.csv").read_text()
    assert "@" not in text


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError) as error:
        call_command("export_dataset", tmp_path / "file", format="personalize")
    assert error.value.returncode == 2
