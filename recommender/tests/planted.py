"""A planted world: two communities that watch two kinds of videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from django.contrib.auth.hashers import make_password
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from interactions.models import Engagement
from videos.models import Category, Video
from videos.tests.factories import make_category, make_parent_category

FIRST_KEY = 10_000_000  # above every key that a sequence gives out in a test
CREATORS = 10  # of each kind


@dataclass
class Planted:
    """Two of each, in the same order."""

    categories: list[Category]
    videos: list[list[Video]]
    fans: list[list[User]]


def plant(*, fans: int = 30, videos: int = 20, watches: int = 8) -> Planted:
    """Each fan watched some videos of their own kind, over the last hundred days.

    The first world of a test has the same keys in every test, so that a run trained on
    one serves in another.
    """
    random = Random(7)
    now = timezone.now()
    first_key = _next_key()
    people = _make_people(first_key, 2 * (CREATORS + fans))
    categories = [
        make_category(
            pk=first_key + kind,
            name=name,
            parent_category=make_parent_category(pk=first_key + kind),
        )
        for kind, name in enumerate(("Jazz", "Chess"))
    ]
    planted = Planted(
        categories,
        _make_videos(
            categories, people, videos, published_at=now - timedelta(days=120)
        ),
        [people[2 * CREATORS :][:fans], people[2 * CREATORS + fans :]],
    )
    Engagement.objects.bulk_create(
        Engagement(
            user=fan,
            video=video,
            fraction=0.9,
            sessions=1,
            viewed=True,
            score=0.54,
            last_at=now - timedelta(days=100 * random.random()),
        )
        for kind, group in enumerate(planted.fans)
        for fan in group
        for video in random.sample(planted.videos[kind], watches)
    )
    return planted


def _next_key() -> int:
    used = [model.objects.aggregate(last=Max("pk"))["last"] for model in (User, Video)]
    return max(FIRST_KEY, *(1 + (last or 0) for last in used))


def _make_people(first_key: int, count: int) -> list[User]:
    password = make_password("correct horse")
    return User.objects.bulk_create(
        User(
            pk=key,
            username=f"planted{key}",
            email=f"planted{key}@example.com",
            password=password,
        )
        for key in range(first_key, first_key + count)
    )


def _make_videos(
    categories: Sequence[Category],
    creators: Sequence[User],
    count: int,
    *,
    published_at: datetime,
) -> list[list[Video]]:
    """`count` of each category, the creators of each kind in turn."""
    first_key = categories[0].pk
    made = [
        Video.objects.bulk_create(
            Video(
                pk=first_key + kind * count + number,
                creator=creators[kind * CREATORS + number % CREATORS],
                title=f"{category.name} number {number}",
                external_url=f"https://example.com/{category.name}-{number}.mp4",
                duration=60.0,
                state=Video.State.READY,
                published_at=published_at,
            )
            for number in range(count)
        )
        for kind, category in enumerate(categories)
    ]
    for category, videos in zip(categories, made, strict=True):
        category.videos.set(videos)
        category.parent_category.videos.set(videos)
    return made
