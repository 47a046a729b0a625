from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.moods import Mood
from accounts.services import set_interests, set_mood
from accounts.tests.factories import make_user
from interactions.tests.factories import watch
from recommender import feed
from recommender.feeds.home import MOOD_WEIGHT, weights
from recommender.retrieval.viewer import Viewer
from videos.models import Video
from videos.moods import store
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """Six videos of each of two moods, and six of none; by different people."""
    jazz, chess = make_category(), make_category()
    made: dict[str, list[Video]] = {"": [make_video() for _ in range(6)]}
    for mood in ("funny", "calm"):
        videos = [make_video(categories=[(jazz, chess)[n % 2]]) for n in range(6)]
        found = {video.pk: {mood: 1 - n / 10} for n, video in enumerate(videos)}
        store.store(origin="emotions", strengths=found)
        made[mood] = videos
    return made


def shown(page):
    return [item.video.pk for item in page.items]


def keys(videos):
    return [video.pk for video in videos]


def test_the_first_feed_of_somebody_new_follows_the_mood(world):
    user = make_user()
    set_mood(user=user, mood="calm")
    page = feed.home(user)
    assert set(shown(page)[:5]) <= set(keys(world["calm"]))
    first = page.items[0]
    assert (first.video, first.reason) == (world["calm"][0], "Calm, as you asked")
    assert len(shown(page)) == 18  # the others follow


def test_a_visitor_may_have_one_too(world):
    page = feed.home(AnonymousUser(), mood="funny")
    assert set(shown(page)[:5]) <= set(keys(world["funny"]))
    assert not set(shown(feed.home(AnonymousUser()))[:1]) - set(shown(page))


def test_a_mood_asked_for_takes_the_place_of_the_own(world):
    user = make_user()
    set_mood(user=user, mood="calm")
    assert set(shown(feed.home(user, mood="funny"))[:5]) <= set(keys(world["funny"]))
    reasons = {item.reason for item in feed.home(user, mood="").items}
    assert not any(reason.endswith("as you asked") for reason in reasons)


def test_the_first_interactions_refine_it(world):
    """Of the mood, what is in the category that they watched comes forward."""
    user = make_user()
    set_mood(user=user, mood="calm")
    assert shown(feed.home(user))[0] == world["calm"][0].pk
    before = shown(feed.home(user))[:6]
    for video in world["funny"][1::2]:  # chess
        watch(user=user, video=video, fraction=1.0)
    after = shown(feed.home(user))[:6]
    chess = set(keys(world["calm"][1::2]))
    assert sum(map(after.index, chess)) < sum(
        before.index(pk) for pk in chess if pk in before
    )
    assert set(after[:4]) & set(keys(world["calm"])) == set(after[:4])


def test_the_mood_weighs_less_with_each_interaction_after_it():
    user = make_user()
    watch(user=user, fraction=1.0, at=timezone.now() - timedelta(hours=1))
    set_mood(user=user, mood="calm")
    assert weights(Viewer(user))["mood"] == MOOD_WEIGHT
    for _ in range(3):
        watch(user=user, fraction=1.0, at=timezone.now())
    assert weights(Viewer(user))["mood"] == MOOD_WEIGHT / 2


def test_mood_and_interests_together_come_first(world):
    user = make_user()
    parent = world["calm"][1].categories.get().parent_category
    set_interests(user=user, parent_categories=[parent])
    set_mood(user=user, mood="calm")
    page = feed.home(user)
    assert {item.video.pk for item in page.items[:3]} == set(keys(world["calm"][1::2]))


def test_a_feed_of_one_mood_holds_nothing_else(world):
    page = feed.in_mood(AnonymousUser(), "funny")
    assert set(shown(page)) == set(keys(world["funny"]))
    newest = feed.in_mood(AnonymousUser(), "funny", strategy="newest")
    assert shown(newest) == keys(world["funny"])[::-1]
    assert not feed.in_mood(AnonymousUser(), "energetic").items


def test_picked_on_the_home_page(client, world):
    assert b"Any mood" in client.get("/").content
    answer = client.post("/mood/", {"mood": "funny"})
    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert client.session["mood"] == "funny"
    page = client.get("/")
    assert set(shown(page.context["page"])[:5]) <= set(keys(world["funny"]))
    assert b'value="funny" aria-current="true"' in page.content
    htmx = {"HX-Request": "true", "HX-Current-URL": "http://testserver/?category=jazz"}
    answer = client.post("/mood/", {"mood": "calm"}, headers=htmx)
    assert answer["Location"] == "/?category=jazz"
    htmx["HX-Current-URL"] = "http://elsewhere.example/?category=jazz"
    answer = client.post("/mood/", {"mood": ""}, headers=htmx)
    assert answer["Location"] == "/"
    assert client.post("/mood/", {"mood": "hungry"}).status_code == 404
    assert client.get("/mood/").url == "/"


def test_picked_by_a_user_it_is_theirs_everywhere(client):
    user = make_user()
    client.force_login(user)
    client.post("/mood/", {"mood": "calm"})
    user.refresh_from_db()
    assert (user.mood, user.mood_at is not None) == ("calm", True)
    client.post("/mood/", {"mood": ""})
    user.refresh_from_db()
    assert (user.mood, user.mood_at) == ("", None)


def test_picked_at_sign_up(client, world):
    category = world["calm"][0].parent_categories.get()
    answer = client.post(
        "/accounts/signup/",
        {
            "username": "newcomer",
            "email": "newcomer@people.example",
            "password1": "a long good password",
            "parent_category_interests": [category.pk],
            "mood": "calm",
        },
    )
    assert answer.status_code == 302
    page = client.get("/").context["page"]
    assert page.items[0].video.pk in keys(world["calm"])


def test_only_moods_can_be_set():
    with pytest.raises(ValueError, match="'hungry' is not a mood: use one of funny"):
        set_mood(user=make_user(), mood="hungry")
    assert len(Mood) == 8
