"""Feeds of the API: pages, impressions with their outcomes, explanations."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.tests.api import ask, token_of
from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.models import Impression, Watch
from interactions.tests.factories import watch
from recommender.registry import activation, serving
from recommender.registry.activation import MODELS
from recommender.tests.planted import plant
from recommender.training import pipeline
from videos.moods import store
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_requests_yet() -> None:
    cache.clear()


@pytest.fixture
def videos():
    category, creators = make_category(), [make_user() for _ in range(4)]
    return [
        make_video(categories=[category], creator=creators[number % 4])
        for number in range(20)
    ]


def pages(path: str, token=None, limit: int = 6):
    """All items of a feed, with something uploaded after every page."""
    found, cursor = [], ""
    while cursor is not None:
        page = ask("GET", f"{path}limit={limit}{cursor}", token=token).json()
        assert not page["restarted"]
        found += page["results"]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        make_video()
    return found


@pytest.mark.parametrize("strategy", ["", "for_you", "newest", "trending"])
@pytest.mark.parametrize("name", ["home", "trending", "category", "related"])
def test_every_feed_shows_everything_once(videos, name, strategy):
    parent = videos[0].parent_categories.get()
    path = {
        "category": f"category/{parent.slug}",
        "related": f"related/{videos[0].video_id}",
    }.get(name, name)
    query = f"strategy={strategy}&" if strategy else ""
    items = pages(f"feeds/{path}/?{query}", token_of(make_user()))
    wanted = videos[1:] if name == "related" else videos
    shown = [item["video"]["video_id"] for item in items]
    assert len(shown) == len(set(shown))
    assert {video.video_id for video in wanted} <= set(shown)
    assert [item["position"] for item in items] == list(range(1, len(items) + 1))
    assert all(item["reason"] and item["source"] for item in items)


def test_following_is_of_the_followed(videos):
    user = make_user()
    interactions.follow(follower=user, followee=videos[0].creator)
    items = pages("feeds/following/?", token_of(user), limit=2)
    assert len(items) == 5
    assert {item["video"]["creator"]["username"] for item in items} == {
        videos[0].creator.username
    }


def test_a_mood_has_a_feed_and_home_begins_with_it(videos):
    calm = videos[3:14]
    store.store(origin="tags", strengths={video.pk: {"calm": 1.0} for video in calm})
    keys = {video.video_id for video in calm}
    token = token_of(make_user())
    for strategy in ("for_you", "newest", "trending"):
        items = pages(f"feeds/mood/calm/?strategy={strategy}&", token, limit=4)
        shown = [item["video"]["video_id"] for item in items]
        assert sorted(shown) == sorted(keys), strategy
    assert not pages("feeds/mood/funny/?")
    assert ask("GET", "feeds/mood/purple/").status_code == 404
    first = ask("GET", "feeds/home/?mood=calm&limit=5", token=token).json()["results"]
    assert {item["video"]["video_id"] for item in first} <= keys
    assert ask("GET", "feeds/home/?mood=purple").status_code == 400
    assert ask("PUT", "me/mood/", {"mood": "calm"}, token=token).status_code == 200
    own = ask("GET", "feeds/home/?limit=5", token=token).json()["results"]
    assert {item["video"]["video_id"] for item in own} <= keys


def test_what_was_shown_and_what_came_of_it_join(videos):
    user = make_user()
    token = token_of(user)
    page = ask("GET", "feeds/home/?limit=3", token=token).json()
    item = page["results"][1]
    about = {
        "video_id": item["video"]["video_id"],
        "feed_id": page["feed_id"],
        "feed_position": item["position"],
        "at": timezone.now().isoformat(),
    }
    seen = {"source": item["source"]}
    session = {"session_id": str(uuid4()), "fraction": 0.9, "seconds": 54}
    events = [
        about | seen | {"id": str(uuid4()), "type": "impression"},
        about | seen | {"id": str(uuid4()), "type": "click"},
        about | session | {"id": str(uuid4()), "type": "watch"},
    ]
    answer = ask("POST", "events/", {"events": events}, token=token).json()
    assert {row["status"] for row in answer["results"]} == {"recorded"}
    impression, watched = Impression.objects.get(), Watch.objects.get()
    assert impression.feed_id == watched.feed_id == UUID(page["feed_id"])
    assert (impression.position, impression.source) == (2, item["source"])
    assert impression.clicked_at
    assert impression.video == watched.video


def test_the_cursor_of_another_viewer_restarts_the_feed(videos):
    page = ask("GET", "feeds/home/?limit=3", user=make_user()).json()
    path = f"feeds/home/?limit=3&cursor={page['next_cursor']}"
    for user in (make_user(), None):
        fresh = ask("GET", path, user=user).json()
        assert fresh["restarted"] is True
        assert fresh["feed_id"] != page["feed_id"]


def test_home_keeps_to_a_category(videos):
    other = make_video(categories=[make_category(name="Chess", slug="chess")])
    for slug in ("chess", other.parent_categories.get().slug):
        [item] = ask("GET", f"feeds/home/?category={slug}").json()["results"]
        assert item["video"]["video_id"] == other.video_id


def test_a_model_without_a_run_is_refused_with_what_there_is(videos):
    answer = ask("GET", "feeds/home/?strategy=graphsage")
    assert answer.status_code == 400
    assert "for_you, newest" in answer.json()["errors"]["strategy"][0]
    assert ask("GET", "feeds/").json()["strategies"] == [
        *("for_you", "newest", "trending", "following")
    ]


def test_a_model_by_its_name_and_why(monkeypatch):
    monkeypatch.setattr(serving, "CHECK_EVERY", 0.0)
    world = plant()
    run = pipeline.train(model="ease", activate=False)
    fan = world.fans[0][0]
    token = token_of(fan)
    items = ask("GET", "feeds/home/?strategy=ease&limit=5", token=token).json()
    assert {item["source"] for item in items["results"]} == {"ease"}

    activation.activate(MODELS, run=run, reason="For the test", force=True)
    watched = watch(world.videos[0][0], user=fan)
    path = f"videos/{items['results'][0]['video']['video_id']}/explanation/"
    why = ask("GET", path, token=token).json()
    assert why["model"] == "ease"
    assert why["reason"]
    grounds = why["grounds"]
    assert {ground["relation"] for ground in grounds} == {"watched"}
    assert 0 < sum(ground["share"] for ground in grounds) <= 1 + 1e-9
    seen = set(fan.engagements.values_list("video__title", flat=True))
    assert {ground["name"] for ground in grounds} <= seen | {watched.video.title}


def test_what_feeds_noted_of_a_person_can_be_taken_along(videos):
    token = token_of(make_user())
    page = ask("GET", "feeds/home/", token=token).json()
    exported = ask("GET", "me/export/", token=token)
    assert exported.status_code == 200
    stored = exported.json()
    assert stored["feed_sessions"][0]["feed_id"] == page["feed_id"]
    assert stored["feature_logs"]
    assert "session_key" not in stored["usersession_set"][0]


def test_why_without_a_model(videos):
    path = f"videos/{videos[0].video_id}/explanation/"
    why = ask("GET", path, user=make_user()).json()
    assert (why["model"], why["grounds"]) == ("", [])
    assert why["reason"]
