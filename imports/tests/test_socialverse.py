"""The whole of the import, over real HTTP from a server that fails as networks do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC

import pytest
from django.conf import settings as project
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count

from accounts.models import User
from imports.socialverse.client import Client, RetryPolicy
from imports.socialverse.run import run
from imports.tests.socialverse_server import (
    ALGORITHM,
    TOKEN,
    USUAL,
    Faults,
    StandIn,
    serving,
)
from imports.tests.socialverse_world import World
from interactions.models import (
    Engagement,
    ImportRun,
    Inspire,
    Like,
    Rating,
    UserCategoryInterest,
    Watch,
)
from interactions.services import follow
from videos.models import Category, Topic, Video, VideoMood

QUICK = RetryPolicy(connect=1, read=1, attempts=12, backoff=0.01, longest_pause=0.1)
EVERYTHING = (
    *(User, Video, Category, Topic, VideoMood, Watch, Like, Inspire, Rating),
    *(Engagement, UserCategoryInterest),
)
SMALL = {"n_posts": 40, "n_users": 30, "n_interactions": 400}


def client_of(server: StandIn, **changes):
    given = {"address": server.address, "token": TOKEN, "algorithm": ALGORITHM}
    return Client(**given | {"policy": QUICK} | changes)


def written():
    """How many rows of each table were ever inserted, updated or deleted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del"
            " FROM pg_stat_user_tables WHERE relname = ANY(%s)",
            [[model._meta.db_table for model in EVERYTHING]],
        )
        return dict(cursor.fetchall())


def assert_holds(world: World) -> None:
    """All of `world` is there, and nothing else of its source."""
    pair = ("user__external_id", "video__external_id")

    def pairs(model):
        return {(int(u), int(v)) for u, v in model.objects.values_list(*pair)}

    people = User.objects.filter(source="socialverse")
    assert {int(key) for key in people.values_list("external_id", flat=True)} == {
        row["id"] for row in world.rows["users"]
    }
    assert set(Video.objects.values_list("external_id", flat=True)) == {
        str(row["id"]) for row in world.rows["posts"]
    }
    watches = Watch.objects.values_list(*pair, "timestamp")
    assert len(watches) == len(world.views())
    assert {
        (int(u), int(v), f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}")
        for u, v, at in watches
    } == world.views()
    assert pairs(Like) == world.pairs("likes")
    assert Like.objects.count() == len(world.pairs("likes"))
    assert pairs(Inspire) == world.pairs("inspires")
    rated = Rating.objects.values_list(*pair, "percent")
    assert {(int(u), int(v)): percent for u, v, percent in rated} == world.ratings()


@pytest.fixture(scope="module")
def world():
    return World()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_all_is_imported_without_loss_or_repeats_and_twice(world):
    with serving(world, USUAL) as server:
        first = run(client=client_of(server), page_size=250)
        assert min(server.met.values()) >= 1
        assert set(server.met) == {
            *("error", "too_many", "dropped", "cut_short", "delayed")
        }
        assert_holds(world)
        assert not first.notes
        assert sum(c["read"] for c in first.counts.values()) == 22_500

        sums = Video.objects.values_list("views", "likes", "engagement")
        assert sum(views for views, _, _ in sums) == (
            Watch.objects.filter(counted=True).count()
        )
        before, kept = written(), list(sums)
        second = run(client=client_of(server), page_size=250)
    assert_holds(world)
    assert not any(
        counts.get(name) for counts in second.counts.values() for name in ("added",)
    )
    assert written() == before  # not one row was touched
    assert list(sums.all()) == kept


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_killed_midway_it_goes_on_without_loss_or_repeats(world):
    with serving(world, USUAL) as server:
        server.pause = 0.05
        for pages in (3, 12, 30):
            with start(server) as process:
                while sum(server.requests.values()) < pages:
                    assert process.poll() is None, process.communicate()
                    time.sleep(0.02)
                process.send_signal(signal.SIGKILL)
            server.requests.clear()
        assert ImportRun.objects.get().finished_at is None
        reached = ImportRun.objects.get().stream
        server.pause = 0.0
        with start(server) as last:
            output, errors = last.communicate()
        assert last.returncode == 0, errors
    assert "Socialverse: 22,500 rows read" in output
    assert reached not in ("users",)
    assert "/users/get_all" not in server.requests  # read before it was killed
    assert_holds(world)
    assert ImportRun.objects.get().finished_at


def start(server: StandIn) -> subprocess.Popen[str]:
    """The command in a process of its own, on the database of this test."""
    database = connection.settings_dict
    return subprocess.Popen(
        [sys.executable, "manage.py", "import_socialverse", "--page-size", "250"],
        cwd=project.BASE_DIR,
        env=os.environ
        | {f"DB_{name}": str(database[name]) for name in ("NAME", "HOST", "USER")}
        | {
            "DB_PASSWORD": str(database["PASSWORD"]) or "none",
            "DB_PORT": str(database["PORT"]),
            "SECRET_KEY": "a key for tests",
            "API_BASE_URL": server.address,
            "FLIC_TOKEN": TOKEN,
            "RESONANCE_ALGORITHM": ALGORITHM,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.django_db
def test_what_a_post_becomes():
    world = World(**SMALL)
    with serving(world) as server:
        server.post_key = "post"  # as has been documented too
        run(client=client_of(server))
    flat, own = (Video.objects.get(external_id=key) for key in ("1", "2"))
    assert flat.creator.external_username == "person2"
    assert own.creator.external_id == "3"
    assert own.creator.role == "creator"
    assert own.external_url == "https://videos.example/2.mp4"
    assert (own.slug, own.topic.project_code) == ("post-2", "project-2")
    assert flat.topic is None
    assert "documentary" in own.tags
    assert own.tags[0] == "nature"
    assert own.summary.startswith("About ")
    assert [c.external_id for c in own.categories.all()] == ["3"]
    assert own.categories.get().parent_category.name == "Socialverse"
    assert Topic.objects.count() == 5
    assert set(
        Topic.objects.annotate(n=Count("videos")).values_list("n", flat=True)
    ) == {4}
    assert own.published_at.isoformat() == "2025-01-01T02:00:00+00:00"
    assert VideoMood.objects.filter(video=own, origin="emotions").exists()


@pytest.mark.django_db
def test_untimed_views_and_likes_without_views(settings):
    settings.UNTIMED_VIEW_WEIGHT = 0.2
    world = World(**SMALL)
    with serving(world) as server:
        run(client=client_of(server))
    assert not Watch.objects.exclude(watch_time=None).exists()
    viewed = {(u, p) for u, p, _ in world.views()}
    own = set(Video.objects.values_list("creator__external_id", "external_id"))
    for row in Engagement.objects.select_related("user", "video"):
        pair = (int(row.user.external_id), int(row.video.external_id))
        liked = pair in world.pairs("likes")
        seen = pair in viewed and tuple(map(str, pair)) not in own
        assert (row.viewed, row.liked, row.fraction) == (seen, liked, 0)
        assert row.score == pytest.approx((0.2 + 0.4 * liked) * seen)


@pytest.mark.django_db
def test_names_and_addresses_that_are_taken(client):
    User.objects.create_user("PERSON1", "Person2@People.example", "a good password")
    world = World(**SMALL)
    world.rows["users"][3]["username"] = "admin"
    world.rows["users"][4]["username"] = "Zoë Łęcka"
    world.rows["users"][5]["email"] = "not an address"
    world.rows["users"][6]["email"] = world.rows["users"][7]["email"]
    with serving(world) as server:
        finished = run(client=client_of(server))
        again = run(client=client_of(server))
    people = {u.external_id: u for u in User.objects.filter(source="socialverse")}
    assert people["1"].username == "person1-socialverse"
    assert people["1"].external_username == "person1"
    assert people["4"].username == "admin-socialverse"
    assert people["5"].username == "Zo-cka-socialverse"
    assert [people[key].email for key in "267"] == ["", "", "person8@people.example"]
    assert people["8"].email == ""
    assert len(finished.notes) == 6
    assert "user 1: the user name 'person1' cannot be had here" in finished.notes[0]
    assert finished.counts["users"]["renamed"] == 3
    assert again.counts["users"] == {"read": 30, "added": 0, "changed": 0}


@pytest.mark.django_db
def test_imported_people_cannot_log_in(client, mailoutbox):
    with serving(World(**SMALL)) as server:
        run(client=client_of(server))
    person = User.objects.get(external_id="9")
    assert not person.has_usable_password()
    assert authenticate(username="person9", password="") is None
    asked = client.post("/accounts/password/reset/", {"email": person.email})
    assert asked.status_code == 302
    assert not mailoutbox


@pytest.mark.django_db
def test_a_second_run_brings_what_is_new_and_what_changed():
    world = World(**SMALL)
    with serving(world) as server:
        run(client=client_of(server))
        old = Video.objects.get(external_id="7")
        world.rows["posts"][6]["title"] = "Another title"
        world.rows["users"][2]["bio"] = "Another bio"
        world.rows["views"].insert(
            0, {"id": 0, "post_id": 7, "user_id": 4, "viewed_at": "2025-09-01 08:00:00"}
        )
        second = run(client=client_of(server))
    assert_holds(world)
    new = Video.objects.get(external_id="7")
    assert (new.title, new.views) == ("Another title", old.views + 1)
    assert User.objects.get(external_id="3").bio == "Another bio"
    assert second.counts["posts"]["changed"] == second.counts["users"]["changed"] == 1
    assert second.counts["views"]["added"] == 1


@pytest.mark.django_db
def test_unknown_people_are_made_and_unknown_posts_wait():
    world = World(**SMALL)
    world.rows["users"] = world.rows["users"][:20]
    known, late = world.rows["posts"][:30], world.rows["posts"][30:]
    world.rows["posts"] = known
    with serving(world) as server:
        finished = run(client=client_of(server))
        assert finished.counts["views"]["of unknown posts"] > 0
        assert User.objects.filter(external_id="25", username="socialverse-25").exists()
        world.rows["posts"] = known + late
        run(client=client_of(server))
    assert {
        (int(u), int(v))
        for u, v in Like.objects.values_list("user__external_id", "video__external_id")
    } == world.pairs("likes")


@pytest.mark.django_db
def test_an_owner_who_is_listed_later_is_the_same_person():
    world = World(**SMALL)
    everybody = world.rows["users"]
    fan = User.objects.create_user("fan", password="a good password")
    world.rows["users"] = []
    with serving(world) as server:
        run(client=client_of(server))
        owner = Video.objects.get(external_id="2").creator
        assert (owner.external_id, owner.username) == ("@person3", "person3")
        follow(follower=fan, followee=owner)
        world.rows["users"] = everybody
        run(client=client_of(server))
    owner = Video.objects.get(external_id="2").creator
    assert (owner.external_id, owner.email) == ("3", "person3@people.example")
    assert owner.followers.get().follower == fan
    assert_holds(world)


@pytest.mark.django_db
def test_bad_rows_are_told_and_the_others_stay():
    world = World(**SMALL)
    world.rows["posts"][0]["video_link"] = None
    world.rows["posts"][1] = "nonsense"
    world.rows["users"][29] = {"id": None}
    world.rows["ratings"][0] = world.rows["ratings"][0] | {"rating_percent": 0}
    world.rows["views"][0] = world.rows["views"][0] | {"viewed_at": "yesterday"}
    with serving(world) as server:
        finished = run(client=client_of(server))
    assert finished.notes == [
        "users page 1 row 30: id is missing",
        "posts page 1 row 1: video_link '' is not a web address",
        "posts page 1 row 2: the post is not an object",
        "views page 1 row 1: viewed_at 'yesterday' is not a time",
        "ratings page 1 row 1: rating_percent '0' is not within 1 to 100",
    ]
    assert Video.objects.count() == 38


@pytest.mark.django_db
def test_the_summary_counts_what_is_there(settings, capsys):
    """Owners whom only posts name, a bad post, people merged, ratings replaced."""
    settings.FLIC_TOKEN, settings.RESONANCE_ALGORITHM = TOKEN, ALGORITHM
    world = World(**SMALL)
    everybody = world.rows["users"]
    world.rows["users"] = everybody[:10]
    world.rows["posts"][0] |= {"video_link": None}

    def summary() -> str:
        call_command("import_socialverse", verbosity=0)
        return capsys.readouterr().out

    with serving(world) as server:
        settings.API_BASE_URL = server.address
        first = summary()
        people = User.objects.filter(source="socialverse")
        assert people.filter(external_id__startswith="@").exists()
        parts = {
            "users": people.count(),
            "posts": Video.objects.count(),
            "views": Watch.objects.count(),
            "likes": Like.objects.count(),
            "inspires": Inspire.objects.count(),
            "ratings": Rating.objects.count(),
        }
        assert parts["posts"] == 39
        added = ", ".join(f"{number:,} {name}" for name, number in parts.items())
        assert f"; added {added}; " in first

        world.rows["users"] = everybody
        newest = {"rated_at": "2025-10-01 08:00:00", "rating_percent": 55}
        known = Rating.objects.values_list("user__external_id", "video__external_id")
        user, post = known.first()
        world.rows["ratings"].append(
            world.rows["ratings"][-1]
            | {"user_id": int(user), "post_id": int(post)}
            | newest
        )
        before, second = people.count(), summary()
    assert Rating.objects.filter(percent=55).exists()
    new = max(0, people.count() - before)
    merged = before + new - people.count()
    assert merged > 0
    assert "0 likes, 0 inspires, 0 ratings; changed " in second
    assert f"{merged:,} people merged" in second


@pytest.mark.django_db
def test_notes_that_are_not_kept_are_counted(settings, capsys, monkeypatch):
    settings.FLIC_TOKEN, settings.RESONANCE_ALGORITHM = TOKEN, ALGORITHM
    monkeypatch.setattr("imports.socialverse.run.MAX_NOTES", 25)
    world = World(**SMALL)
    for row in world.rows["posts"]:
        row["video_link"] = None
    with serving(world) as server:
        settings.API_BASE_URL = server.address
        call_command("import_socialverse", verbosity=0)
    assert "and 20 more: --report FILE lists them, up to the first 25 of all" in (
        capsys.readouterr().err
    )


@pytest.mark.django_db
def test_a_server_that_gives_less_than_asked_is_read_to_the_end():
    world = World(**SMALL)
    with serving(world) as server:
        server.most = 7
        run(client=client_of(server))
    assert_holds(world)


@pytest.mark.django_db
def test_what_fails_for_good_goes_on_later_from_there(settings):
    world = World(**SMALL)
    settings.FLIC_TOKEN, settings.RESONANCE_ALGORITHM = TOKEN, "wrong"
    with serving(world) as server:
        settings.API_BASE_URL = server.address
        with pytest.raises(CommandError, match="is RESONANCE_ALGORITHM right") as told:
            call_command("import_socialverse", verbosity=0)
        assert told.value.returncode == 2
        assert TOKEN not in str(told.value)
        assert Video.objects.count() == 40
        stopped = ImportRun.objects.get()
        assert (stopped.stream, stopped.page) == ("views", 1)
        settings.RESONANCE_ALGORITHM = ALGORITHM
        server.requests.clear()
        call_command("import_socialverse", verbosity=0)
        assert not server.requests["/users/get_all"]
    assert_holds(world)


@pytest.mark.parametrize(
    ("faults", "cause"),
    [
        (Faults(error=1), "answered 500"),
        (Faults(dropped=1), "page 1: ProtocolError"),
        (Faults(delayed=1, slow=0.3), "page 1: ReadTimeoutError"),
    ],
)
@pytest.mark.django_db
def test_retries_end(faults, cause):
    read = 0.1 if faults.delayed else 10
    policy = RetryPolicy(connect=10, read=read, attempts=2, backoff=0, longest_pause=0)
    with serving(World(**SMALL), faults) as server:
        client = client_of(server, policy=policy)
        with pytest.raises(Exception, match=cause):
            run(client=client)
        assert sum(server.requests.values()) == 3


@pytest.mark.django_db
def test_retry_after_is_kept(settings):
    with serving(World(**SMALL), Faults(too_many=1)) as server:
        client = client_of(server)
        timer = time.monotonic()
        with pytest.raises(Exception, match="answered 429"):
            run(client=client_of(server, policy=RetryPolicy(attempts=1, backoff=0)))
        assert time.monotonic() - timer >= 1
        server.faults = Faults()
        run(client=client)


@pytest.mark.django_db
def test_what_is_missing_is_named(settings):
    settings.API_BASE_URL = settings.FLIC_TOKEN = settings.RESONANCE_ALGORITHM = ""
    with pytest.raises(CommandError) as told:
        call_command("import_socialverse")
    assert "set API_BASE_URL, FLIC_TOKEN, RESONANCE_ALGORITHM" in str(told.value)
