"""What Home says about itself is true of what it shows, whatever was chosen."""

from __future__ import annotations

import itertools
import re

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.moods import Mood
from accounts.services import set_interests, set_mood
from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.tests.factories import watch
from recommender import feed
from videos.models import Video
from videos.moods import store
from videos.tests.factories import make_category, make_parent_category, make_video

pytestmark = pytest.mark.django_db

MUSIC, SPACE, FOOD = "Music", "Space", "Food"
MIXED = {(MUSIC, "calm"): 2, (MUSIC, ""): 4, (SPACE, "calm"): 3, (SPACE, ""): 5}
WORLDS = {
    "mixed": {**MIXED, (FOOD, "calm"): 3, (FOOD, ""): 4},
    "calm elsewhere only": {(MUSIC, ""): 5, (SPACE, ""): 3, (FOOD, "calm"): 4},
    "nothing calm": {(MUSIC, ""): 3, (SPACE, ""): 3, (FOOD, ""): 6},
    "nothing chosen": {(FOOD, "calm"): 3, (FOOD, ""): 6},
}


@pytest.fixture(autouse=True)
def _no_exploration(settings):
    settings.EXPLORE_MAX_IMPRESSIONS = settings.EXPLORE_UNIFORM = 0


@pytest.fixture
def subjects():
    return {
        name: make_parent_category(name=name, slug=name.lower())
        for name in (MUSIC, SPACE, FOOD)
    }


def build(world, subjects):
    for (subject, mood), count in WORLDS[world].items():
        category = make_category(parent_category=subjects[subject])
        made = [make_video(categories=[category]) for _ in range(count)]
        if mood:
            store.store(origin="tags", strengths={v.pk: {mood: 0.5} for v in made})


def is_calm(video):
    return video.moods.filter(mood="calm").exists()


def is_chosen(video):
    return video.parent_categories.filter(name__in=[MUSIC, SPACE]).exists()


def meant(notice):
    """The test of the videos of which the notice says that none are left."""
    calm, chosen = "mood “Calm”" in notice, f"in {MUSIC}, {SPACE}" in notice
    if calm and chosen and " or in " not in notice and ", and nothing" not in notice:
        return lambda video: is_calm(video) and is_chosen(video)
    return lambda video: (calm and is_calm(video)) or (chosen and is_chosen(video))


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize(
    ("picks", "mood"), list(itertools.product([True, False], ["calm", ""])), ids=str
)
def test_each_notice_is_true(world, picks, mood, subjects):
    build(world, subjects)
    user = make_user()
    if picks:
        chosen = [subjects[MUSIC], subjects[SPACE]]
        set_interests(user=user, parent_categories=chosen)
    set_mood(user=user, mood=mood)
    left, cursor = set(Video.objects.all()), ""
    while left:
        page = feed.home(user, cursor=cursor, size=4)
        shown = [item.video for item in page.items]
        left -= set(shown)
        holds = meant(page.notice)
        if page.notice.startswith(("Nothing new", "No videos")):
            assert not any(map(holds, [*shown, *left])), page.notice
        elif page.notice:
            assert page.notice.startswith("After the last new videos ")
            places = [n for n, video in enumerate(shown) if holds(video)]
            assert places
            assert max(places) < len(shown) - 1
            assert not any(map(holds, left)), page.notice
        else:
            assert not mood or all(map(is_calm, shown))
            assert not picks or all(map(is_chosen, shown))
        cursor = page.next_cursor


def test_unseen_videos_of_the_subjects_are_not_denied(subjects):
    """With a mood, the last tiers hold videos of the subjects without that mood."""
    build("calm elsewhere only", subjects)
    user = make_user()
    set_interests(user=user, parent_categories=[subjects[MUSIC]])
    set_mood(user=user, mood="calm")
    notice = feed.home(user, size=4).notice
    assert notice == (
        "Nothing new is left with the mood “Calm” in Music, so other subjects follow."
    )
    notice = feed.home(user, size=7).notice
    assert notice == "After the last new videos with the mood “Calm”, others follow."


@pytest.mark.parametrize("mood", Mood)
def test_a_mood_without_videos_says_so(subjects, mood):
    build("nothing calm", subjects)
    expected = f"No videos have the mood “{mood.label}” yet, so others follow."
    assert feed.home(AnonymousUser(), mood=mood).notice == expected
    user = make_user()
    set_interests(user=user, parent_categories=[subjects[MUSIC]])
    assert feed.home(user, mood=mood, size=3).notice == expected


def test_a_mood_that_was_seen_is_not_called_empty(subjects):
    build("calm elsewhere only", subjects)
    user = make_user()
    for video in Video.objects.filter(moods__mood="calm"):
        watch(video, user=user)
    notice = feed.home(user, mood="calm").notice
    assert notice == "Nothing new is left with the mood “Calm”, so others follow."


def test_a_mood_and_a_subject_combine(client, subjects):
    build("mixed", subjects)
    client.post("/mood/", {"mood": "calm"})
    page = client.get("/", {"category": "space"})
    items = page.context["page"].items
    assert all(item.video.parent_categories.get().name == SPACE for item in items)
    assert [is_calm(item.video) for item in items] == [True] * 3 + [False] * 5
    assert b'value="calm" aria-current="true"' in page.content
    assert re.search(
        rb'href="/\?category=space"[^>]* aria-current="true"', page.content
    )
    assert items[0].reason == "Calm, as you asked"
    assert page.context["page"].notice == (
        "After the last new videos with the mood “Calm”, others follow."
    )


def test_a_subject_without_the_mood_says_so(client, subjects):
    build("calm elsewhere only", subjects)
    client.post("/mood/", {"mood": "calm"})
    notice = client.get("/", {"category": "space"}).context["page"].notice
    assert notice == "No videos in Space have the mood “Calm” yet, so others follow."


def test_related_says_that_all_was_seen():
    user, beside, other = make_user(), make_video(), make_video()
    watch(other, user=user)
    assert feed.related(user, beside).notice.startswith("You have seen all there is")
    make_video()
    assert feed.related(user, beside).notice == ""


def test_an_empty_subject_does_not_deny_what_was_dismissed(client):
    video = make_video(categories=[make_category(name="Jazz", slug="jazz")])
    user = make_user()
    interactions.not_interested(user=user, video=video)
    client.force_login(user)
    for address in ("/?category=jazz", "/category/jazz/"):
        page = client.get(address).content.decode()
        assert "no public videos" not in page
        assert "other than those you are not interested in" in page
