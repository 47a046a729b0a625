"""A small world with every kind of node and relationship, and what to ask about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_user
from interactions import services
from interactions.models import GraphChange, Inspire, Rating
from interactions.tests.factories import watch
from recommender.graph.mirror import driver, relay
from recommender.graph.mirror.verify import verify
from recommender.graph.mirror.writer import turn
from recommender.models import GraphMirror
from videos.models import Category, Video
from videos.tests.factories import make_category, make_video


@dataclass
class World:
    jazz: Category
    videos: list[Video]
    people: list[User]


def make_world(*, people: int = 6, videos: int = 4) -> World:
    jazz = make_category(name="Jazz")
    world = World(
        jazz,
        [make_video(categories=[jazz]) for _ in range(videos)],
        [make_user() for _ in range(people)],
    )
    for number, user in enumerate(world.people):
        video = world.videos[number % videos]
        watch(video, user=user, fraction=0.9)
        watch(world.videos[(number + 1) % videos], user=user, fraction=0.2)
        services.like(user=user, video=video)
        services.follow(follower=user, followee=video.creator)
        services.not_interested(user=user, video=world.videos[(number + 2) % videos])
        user.parent_category_interests.add(jazz.parent_category)
        at = timezone.now()
        Inspire.objects.create(user=user, video=video, timestamp=at)
        Rating.objects.create(user=user, video=video, percent=37, timestamp=at)
    return world


def start_afresh() -> None:
    """What earlier tests left behind: an outbox, and word of a mirror."""
    GraphChange.objects.all().delete()
    GraphMirror.objects.all().delete()


def relay_all() -> int:
    """Build or bring up to date; how much was written."""
    with driver.connect() as connected:
        return relay.catch_up(connected)


def differences(*, repair: bool = False) -> dict[str, int]:
    """What `verify` finds wrong, once all that waits is applied."""
    wait = timedelta(seconds=30)
    with driver.connect() as connected, turn(connected, wait=wait) as writer:
        assert writer.complete
        relay.drain(writer)
        return {
            found.part.name: len(found.differing)
            for found in verify(writer, repair=repair)
            if found.differing or found.wanted != found.found
        }


def count(pattern: str) -> int:
    with driver.connect() as connected:
        found = connected.execute_query(f"MATCH {pattern} RETURN count(*) AS n")
    return found.records[0]["n"]


needs_neo4j = [pytest.mark.neo4j, pytest.mark.django_db(transaction=True)]
