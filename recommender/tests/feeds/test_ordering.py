"""Feeds in the ordering that a client chooses, also that of a named model."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.tests.factories import watch
from recommender import feed
from recommender.feeds import ordering
from recommender.registry import serving
from recommender.tests.planted import plant
from recommender.training import pipeline
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db
ANYONE = AnonymousUser()


def ids(page):
    return [item.video.pk for item in page.items]


def every_page(ask):
    found, cursor = [], ""
    while True:
        page = ask(cursor)
        found += ids(page)
        if not page.next_cursor:
            return found
        cursor = page.next_cursor


@pytest.fixture
def dated():
    """Ten videos, the first the newest."""
    now = timezone.now()
    creators = [make_user() for _ in range(5)]
    return [
        make_video(creator=creators[n % 5], published_at=now - timedelta(days=n))
        for n in range(10)
    ]


def test_newest_is_by_date_and_leaves_out_of_home_what_was_seen(dated):
    user = make_user()
    watch(dated[3], user=user)
    wanted = [video.pk for video in dated if video != dated[3]]
    assert ids(feed.home(user, strategy="newest")) == wanted


def test_trending_begins_with_what_people_watch(dated):
    for _ in range(2):
        watch(dated[7])
    watch(dated[9])
    assert ids(feed.home(ANYONE, strategy="trending"))[:2] == [
        dated[7].pk,
        dated[9].pk,
    ]


def test_following_keeps_to_the_followed_and_is_empty_without_them(dated):
    user = make_user()
    assert feed.home(user, strategy="following").items == []
    interactions.follow(follower=user, followee=dated[2].creator)
    assert ids(feed.home(user, strategy="following")) == [dated[2].pk, dated[7].pk]


def test_a_strategy_pages_through_everything_once(dated):
    user = make_user()
    for strategy in ("for_you", "newest", "trending"):
        found = every_page(
            lambda cursor, name=strategy: feed.home(
                user, strategy=name, cursor=cursor, size=3
            )
        )
        assert sorted(found) == sorted(video.pk for video in dated)


def test_a_cursor_goes_on_under_its_own_strategy_alone(dated):
    user = make_user()
    first = feed.home(user, strategy="newest", size=3)
    assert not feed.home(user, strategy="newest", cursor=first.next_cursor).restarted
    assert feed.home(user, strategy="for_you", cursor=first.next_cursor).restarted


def test_a_viewer_who_has_seen_everything_gets_items_of_last_resort(dated):
    user = make_user()
    for video in dated:
        watch(video, user=user)
    page = feed.home(user, strategy="newest")
    assert len(page.items) == 10
    assert page.notice


def test_the_error_for_an_unknown_ordering_lists_the_available_ones():
    for name in ("loudest", "ease"):
        with pytest.raises(feed.NoSuchOrdering, match="for_you, newest"):
            feed.home(ANYONE, strategy=name)


@pytest.fixture
def trained():
    """Two communities, and a run of each of two quick models."""
    world = plant()
    return world, {
        name: pipeline.train(model=name, activate=False)
        for name in ("ease", "popularity")
    }


def test_a_model_by_its_name_ranks_though_another_or_none_serves(trained, settings):
    world, _ = trained
    fan = world.fans[0][0]
    assert ordering.available()[-2:] == ["ease", "popularity"]
    page = feed.home(fan, strategy="ease")
    learned = [item for item in page.items if item.source == "ease"]
    own = {video.pk for video in world.videos[0]}
    assert len(learned) >= 5
    assert {item.video.pk for item in learned[:5]} <= own
    assert all(item.reason for item in learned)

    found = every_page(
        lambda cursor: feed.home(fan, strategy="ease", cursor=cursor, size=7)
    )
    unseen = 40 - fan.engagements.filter(viewed=True).count()
    assert len(found) == len(set(found)) == unseen

    neighbours = feed.related(fan, world.videos[1][0], strategy="ease", size=3)
    assert {item.source for item in neighbours.items} == {"similar"}

    stranger = every_page(
        lambda cursor: feed.home(ANYONE, strategy="ease", cursor=cursor, size=7)
    )
    assert len(stranger) == len(set(stranger)) == 40


def test_a_run_whose_artifact_is_gone_gives_way_to_an_older_one(trained, settings):
    newer = pipeline.train(model="ease", activate=False)
    shutil.rmtree(settings.ARTIFACTS_DIR / newer.run_id)
    assert serving.model_named("ease").name == "ease"
    shutil.rmtree(settings.ARTIFACTS_DIR / trained[1]["popularity"].run_id)
    assert serving.model_named("popularity") is None
    assert "popularity" not in ordering.available()
