"""Counters under concurrency: real threads, each with a connection of its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import close_old_connections, connections
from django.utils import timezone

from accounts.tests.factories import make_user
from interactions import services
from interactions.models import Engagement, Event, Like, Watch
from interactions.services import aggregates, events
from interactions.tests.test_aggregates import sums
from videos.models import Video
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8


def at_once(deeds: list[Callable[[], object]]) -> list[object]:
    """What each deed returned, all done by `THREADS` threads; errors are raised."""

    def do(deed: Callable[[], object]) -> object:
        try:
            return deed()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(do, deeds))
    close_old_connections()
    return results


def watching(user, video, **values) -> Callable[[], object]:
    report: dict[str, Any] = {
        "session_id": uuid4(),
        "fraction": 0.5,
        "seconds": 30,
        "at": timezone.now(),
    } | values
    return partial(services.record_watch, user=user, video=video, **report)


def test_many_people_on_one_video():
    video = make_video(categories=[make_category()])
    people = [make_user() for _ in range(24)]
    deeds = [watching(person, video) for person in people]
    deeds += [partial(services.like, user=person, video=video) for person in people]
    at_once(random.Random(1).sample(deeds, len(deeds)))
    video.refresh_from_db()
    assert (video.views, video.likes) == (24, 24)
    assert video.engagement == pytest.approx(24 * 0.7)


def test_one_person_in_many_tabs():
    video, user, session = (
        make_video(categories=[make_category()]),
        make_user(),
        uuid4(),
    )
    deeds = [
        watching(user, video, session_id=session, fraction=fraction / 20)
        for fraction in range(1, 21)
    ]
    deeds += [partial(services.like, user=user, video=video)] * 10
    at_once(random.Random(2).sample(deeds, len(deeds)))
    video.refresh_from_db()
    assert (video.views, video.likes) == (1, 1)
    assert video.engagement == pytest.approx(1.0)
    assert Watch.objects.get().watch_time == 1.0
    assert Like.objects.count() == Engagement.objects.count() == 1
    assert user.category_interests.get().interaction_count == 2


def test_one_event_sent_by_many_threads_is_taken_in_once():
    video, user = make_video(), make_user()
    event = {
        "id": uuid4(),
        "type": "watch",
        "session_id": uuid4(),
        "video_id": video.video_id,
        "fraction": 0.9,
        "seconds": 54.0,
        "position": 54.0,
        "feed_id": None,
        "at": timezone.now(),
    }
    outcomes = at_once([partial(events.record_events, user=user, events=[event])] * 16)
    recorded = outcomes.count([events.Outcome.RECORDED])
    assert recorded == Event.objects.count() == Watch.objects.count() == 1


def test_everything_at_once_ends_in_sums_that_fit_the_rows():
    """Includes rebuilds and removals: whatever locks, none of it deadlocks."""
    rng = random.Random(3)
    categories = [make_category() for _ in range(4)]
    people = [make_user(record_history=number != 0) for number in range(6)]
    for person in people[:3]:
        person.parent_category_interests.set([categories[0].parent_category])
    videos = [
        make_video(creator=rng.choice(people), categories=rng.sample(categories, k=2))
        for _ in range(5)
    ]
    deeds: list[Callable[[], object]] = []
    for _ in range(250):
        person, video = rng.choice(people), rng.choice(videos)
        choices: list[Callable[[], object]] = [
            watching(person, video, fraction=rng.random()),
            partial(services.like, user=person, video=video),
            partial(services.unlike, user=person, video=video),
            partial(services.remove_from_history, user=person, video=video),
            partial(services.clear_history, user=person),
            partial(services.seed_interests, user=person),
            aggregates.rebuild,
        ]
        deeds += rng.choices(choices, weights=[60, 15, 10, 5, 3, 4, 3])
    at_once(deeds)
    now = timezone.now()
    kept = sums(now)
    aggregates.rebuild()
    assert sums(now) == kept
    assert Video.objects.filter(views__gt=0).exists()
