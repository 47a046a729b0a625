"""A world of impressions: what people were shown, and what they made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_user
from interactions.models import Impression, Watch
from recommender.ml.ranking.candidates import LoggedFeatures
from recommender.models import FeatureLog
from recommender.ranking import features
from recommender.ranking.features import COLUMN, NAMES, write
from recommender.retrieval.viewer import Viewer
from videos.models import Video
from videos.tests.factories import make_video

LENGTH = 10
SHORT, LONG = 60.0, 600.0

# (rows, generator) -> the chance that each is watched
Taste = Callable[[features.FeatureRows, np.random.Generator], np.ndarray]


@dataclass
class World:
    people: list[User]
    short: list[Video]
    long: list[Video]


def make_world(*, people: int = 25, videos: int = 12) -> World:
    return World(
        [make_user() for _ in range(people)],
        [make_video(duration=SHORT) for _ in range(videos)],
        [make_video(duration=LONG) for _ in range(videos)],
    )


def brevity(rows, generator):
    """People watch what is short, whatever the sources think of it."""
    return np.where(rows[:, COLUMN["duration"]] < np.log(120), 0.6, 0.1)


def agreement(rows, generator):
    """People watch what the sources put first, and long videos."""
    long = rows[:, COLUMN["duration"]] > np.log(120)
    return np.where(long, 0.7, 0.02) * rows[:, COLUMN["fused"]]


def indifference(rows, generator):
    """People watch one video in three, whichever."""
    return np.full(len(rows), 0.33)


def show(
    world: World,
    taste: Taste,
    *,
    lists: int,
    until: datetime | None = None,
    seed: int = 0,
) -> None:
    """`lists` feeds, one every ten minutes until `until` (two days ago), each ranked by
    a fusion that knows nothing of durations."""
    generator = np.random.default_rng(seed)
    end = until or timezone.now() - timedelta(days=2)
    impressions, watches, times = [], [], {}
    for number in range(lists):
        at = end - timedelta(minutes=10) * (lists - number)
        person = world.people[int(generator.integers(len(world.people)))]
        videos = _drawn(world, generator)
        rows = _rows(videos, generator)
        feed_id = uuid4()
        noted = [
            (place, video.pk, LoggedFeatures(row))
            for place, (video, row) in enumerate(zip(videos, rows, strict=True), 1)
        ]
        write(feed_id, Viewer(person), noted)
        times[feed_id] = at
        watched = generator.random(LENGTH) < taste(rows.astype("f4"), generator)
        for place, video in enumerate(videos):
            shared = {"feed_id": feed_id, "user": person, "video": video}
            impressions.append(
                Impression(**shared, position=place + 1, source="popular")
            )
            if watched[place]:
                watches.append(Watch(**shared, watch_time=0.6, counted=True))
    Impression.objects.bulk_create(impressions)
    Watch.objects.bulk_create(watches)
    for model in (Impression, FeatureLog):
        _set_created_at(model, times)


def _set_created_at(model: type[Model], times: Mapping[UUID, datetime]) -> None:
    """Set when the rows of each feed were made, which they set themselves to now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {model._meta.db_table} AS row SET created_at = feed.created_at "
            "FROM unnest(%s::uuid[], %s::timestamptz[]) AS feed (feed_id, created_at) "
            "WHERE row.feed_id = feed.feed_id",
            [list(times), list(times.values())],
        )


def _drawn(world: World, generator: np.random.Generator) -> Sequence[Video]:
    every = [*world.short, *world.long]
    return [every[place] for place in generator.permutation(len(every))[:LENGTH]]


def _rows(
    videos: Sequence[Video], generator: np.random.Generator
) -> features.FeatureRows:
    """As a fusion would give them, the best first."""
    rows = np.full((len(videos), len(NAMES)), np.nan, np.float32)
    rows[:, COLUMN["propensity"]] = 1
    rows[:, COLUMN["tier"]] = 0
    rows[:, COLUMN["fused"]] = np.sort(generator.random(len(videos)))[::-1]
    rows[:, COLUMN["age"]] = generator.exponential(10, len(videos))
    rows[:, COLUMN["duration"]] = [np.log1p(video.duration) for video in videos]
    return rows.astype(np.float16)
