"""A planted world: two communities that watch two kinds of videos."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_user
from interactions.models import Engagement
from videos.models import Category, Video
from videos.tests.factories import make_category, make_video


@dataclass
class Planted:
    """Two of each, in the same order."""

    categories: list[Category]
    videos: list[list[Video]]
    fans: list[list[User]]


def plant(*, fans: int = 30, videos: int = 20, watches: int = 8) -> Planted:
    """Each fan watched some videos of their own kind, over the last hundred days."""
    random = Random(7)
    now = timezone.now()
    categories = [make_category(name="Jazz"), make_category(name="Chess")]
    creators = [[make_user() for _ in range(10)] for _ in categories]
    planted = Planted(
        categories,
        [
            [
                make_video(
                    categories=[category],
                    creator=creators[kind][n % 10],
                    title=f"{category.name} number {n}",
                    published_at=now - timedelta(days=120),
                )
                for n in range(videos)
            ]
            for kind, category in enumerate(categories)
        ],
        [[make_user() for _ in range(fans)] for _ in categories],
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
