"""The moods of videos.

Each kind of evidence is stored for itself (`VideoMood`), so that it can be weighed anew
when it changes; a video's mood is as strong as its best evidence. What counts as
evidence is in `mood_evidence`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import (
    Case,
    F,
    FloatField,
    Max,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)

from videos.models import Video, VideoMood
from videos.moods.lexicon import Strengths, of_words

# How far each kind of evidence is believed.
TRUST = {
    VideoMood.Origin.EMOTIONS: 1.0,
    VideoMood.Origin.REACTIONS: 1.0,
    VideoMood.Origin.TAGS: 0.8,
    VideoMood.Origin.TEXT: 0.6,
}


def read(videos: Iterable[Video]) -> None:
    """Take note of what the tags, and the words of title and description, speak for."""
    rows = list(videos)
    store(origin="tags", found={video.pk: of_words(video.tags) for video in rows})
    store(
        origin="text",
        found={v.pk: of_words([v.title, v.description]) for v in rows},
    )


def store(*, origin: str, found: Mapping[int, Strengths]) -> int:
    """Make one kind of evidence of these videos (by primary key) what was `found`.

    Returns how many rows were written or deleted; what did not change is left alone.
    """
    rows = VideoMood.objects.filter(origin=origin, video__in=found)
    had = {(row.video_id, row.mood): row for row in rows}
    wanted = {(pk, mood): s for pk, moods in found.items() for mood, s in moods.items()}
    gone = [row.pk for key, row in had.items() if key not in wanted]
    written = [
        VideoMood(video_id=pk, mood=mood, origin=origin, strength=strength)
        for (pk, mood), strength in wanted.items()
        if (pk, mood) not in had or had[pk, mood].strength != strength
    ]
    if gone:
        VideoMood.objects.filter(pk__in=gone).delete()
    VideoMood.objects.bulk_create(
        written,
        update_conflicts=True,
        unique_fields=["video", "mood", "origin"],
        update_fields=["strength"],
    )
    return len(gone) + len(written)


def of_videos(videos: Iterable[Video]) -> dict[int, Strengths]:
    """The moods of each video by primary key, the strongest first."""
    rows = VideoMood.objects.filter(video__in=[video.pk for video in videos])
    best = (
        rows.values_list("video", "mood")
        .annotate(best=Max(believed()))
        .order_by("video", "-best", "mood")
    )
    moods: dict[int, Strengths] = {video.pk: {} for video in videos}
    for pk, mood, strength in best:
        moods[pk][mood] = strength
    return moods


def in_mood(videos: QuerySet[Any], mood: str) -> QuerySet[Any]:
    """Those of `videos` with this mood, annotated with `mood_strength`."""
    best = (
        VideoMood.objects.filter(video=OuterRef("pk"), mood=mood)
        .values("video")
        .annotate(best=Max(believed()))
        .values("best")
    )
    strength = Subquery(best, output_field=FloatField())
    strong: QuerySet[Any] = videos.annotate(mood_strength=strength)
    return strong.filter(mood_strength__gt=0)


def believed() -> Case:
    """SQL: the strength of a `VideoMood`, as far as its kind is believed."""
    return Case(
        *(
            When(origin=origin, then=F("strength") * Value(trust))
            for origin, trust in TRUST.items()
        ),
        output_field=FloatField(),
    )
