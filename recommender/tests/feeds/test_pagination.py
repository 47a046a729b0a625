"""Pagination: no video twice, none skipped, and each viewer has their own feed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.tests.factories import watch
from recommender import feed
from recommender.feeds import pagination
from recommender.feeds.pagination import PlannedItem
from recommender.ml.ranking.candidates import Evidence
from recommender.models import FeedSession
from videos.models import Video
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db
ANYONE = AnonymousUser()


@pytest.fixture
def many(monkeypatch):
    """100 videos, and plans so short that paging has to plan further."""
    monkeypatch.setattr(pagination, "PLAN_SIZE", 15)
    categories = [make_category() for _ in range(4)]
    creators = [make_user() for _ in range(10)]
    return [
        make_video(categories=[categories[n % 4]], creator=creators[n % 10])
        for n in range(100)
    ]


def test_a_longer_page_takes_no_more_queries(many):
    user = make_user()
    for video in many[:3]:
        watch(video, user=user)

    def count(size: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(feed.home(user, size=size).items) == size
        return len(queries)

    count(2)
    assert count(2) == count(12)


def pages(ask):
    """All pages, with something new uploaded between them."""
    page = ask(cursor="")
    while True:
        yield page
        if not page.next_cursor:
            return
        make_video()
        page = ask(cursor=page.next_cursor)


@pytest.mark.parametrize("name", ["home", "anonymous", "new", "trending", "related"])
def test_ten_pages_hold_every_video_once(many, name):
    user = ANYONE if name == "anonymous" else make_user()
    beside = make_video()
    ask = {
        "home": lambda cursor: feed.home(user, cursor=cursor, size=10),
        "anonymous": lambda cursor: feed.home(user, cursor=cursor, size=10),
        "new": lambda cursor: feed.explore(
            user, strategy="newest", cursor=cursor, size=10
        ),
        "trending": lambda cursor: feed.explore(user, cursor=cursor, size=10),
        "related": lambda cursor: feed.related(user, beside, cursor=cursor, size=10),
    }[name]
    shown = [item for page in pages(ask) for item in page.items]
    keys = [item.video.pk for item in shown]
    assert len(keys) == len(set(keys))
    assert set(keys) >= {video.pk for video in many}
    assert [item.position for item in shown] == list(range(1, len(shown) + 1))


def test_every_page_but_the_last_is_full(many):
    user = make_user()
    sizes = [
        len(page.items)
        for page in pages(lambda cursor: feed.home(user, cursor=cursor, size=10))
    ]
    assert set(sizes[:-1]) == {10}
    assert 1 <= sizes[-1] <= 10


def test_hidden_seen_and_dismissed_videos_leave_later_pages(many):
    user = make_user()
    first = feed.home(user, size=5)
    later = FeedSession.objects.get(feed_id=first.feed_id).items[5:8]
    hidden, seen, dismissed = (Video.objects.get(pk=item["video"]) for item in later)
    Video.objects.filter(pk=hidden.pk).update(visibility="private")
    watch(seen, user=user)
    interactions.not_interested(user=user, video=dismissed)
    second = feed.home(user, cursor=first.next_cursor, size=5)
    assert len(second.items) == 5
    assert not {hidden, seen, dismissed} & {item.video for item in second.items}
    assert second.items[0].position == 9


def test_the_same_cursor_gives_the_same_page(many):
    user = make_user()
    cursor = feed.home(user, size=10).next_cursor
    again = [feed.home(user, cursor=cursor, size=10).items for _ in range(2)]
    assert [i.video for i in again[0]] == [i.video for i in again[1]]


@pytest.mark.parametrize("fault", ["aged", "forged", "another's", "other list"])
def test_an_invalid_cursor_restarts_the_feed(many, fault):
    user = make_user()
    page = feed.home(user, size=10)
    cursor = page.next_cursor
    category = many[0].categories.get()
    if fault == "aged":
        past = timezone.now() - pagination.LIFETIME - timedelta(seconds=1)
        FeedSession.objects.update(created_at=past)
        fresh = feed.home(user, cursor=cursor, size=10)
    elif fault == "forged":
        fresh = feed.home(user, cursor=cursor[:-1] + "!", size=10)
    elif fault == "another's":
        fresh = feed.home(make_user(), cursor=cursor, size=10)
    else:
        fresh = feed.home(user, category=category, cursor=cursor, size=10)
    assert fresh.restarted
    assert fresh.feed_id != page.feed_id
    assert fresh.items[0].position == 1
    assert fresh.notice == pagination.RESTARTED


def test_an_anonymous_list_is_not_a_users(many):
    cursor = feed.home(ANYONE, size=10).next_cursor
    assert feed.home(make_user(), cursor=cursor, size=10).restarted


def test_the_session_stores_the_items(many):
    user = make_user()
    page = feed.home(user, size=10)
    session = FeedSession.objects.get(feed_id=page.feed_id)
    assert session.user == user
    stored = [PlannedItem.from_json(row) for row in session.items[:10]]
    assert [(i.video_id, i.source, i.score, i.widened) for i in stored] == [
        (i.video.pk, i.source, i.score, i.widened) for i in page.items
    ]
    item = PlannedItem(1, "similar", 0.5, Evidence("watched", 2), widened=("mood",))
    assert PlannedItem.from_json(item.to_json()) == item
    before = item.to_json() | {"widened": True}
    assert PlannedItem.from_json(before).widened == ("subjects",)


def test_a_session_of_an_older_version_goes_on(many):
    """Before items had names for their fields, sessions stored lists by position."""
    user = make_user()
    page = feed.home(user, size=2)
    session = FeedSession.objects.get(feed_id=page.feed_id)
    session.items = [
        [many[0].pk, "popular", 0.5, "Popular here"],
        [many[1].pk, "fresh", 0.25, "New here"],
        [many[2].pk, "similar", 0.125, "Beyond your interests · More in Jazz"],
        [many[3].pk, "catalogue", 0.0625, "From the catalogue"],
    ]
    session.complete = True
    session.save()
    rest = feed.home(user, cursor=page.next_cursor, size=5)
    assert rest.feed_id == page.feed_id
    assert not rest.next_cursor
    assert [
        (i.video, i.source, i.score, i.reason, i.position, i.widened)
        for i in rest.items
    ] == [
        (many[2], "similar", 0.125, "More in Jazz", 3, ("subjects",)),
        (many[3], "catalogue", 0.0625, "From the catalogue", 4, ()),
    ]
