"""The moods of videos, stored by kind of evidence (`VideoMood`).

A mood of a video is as strong as its strongest evidence, weighted by `TRUST`. The
evidence itself comes from `videos.moods.lexicon`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import (
    Case,
    F,
    FloatField,
    Max,
    OuterRef,
    Subquery,
    Value,
    When,
)

from videos.models import Video, VideoMood
from videos.moods.lexicon import Strengths, from_words
from videos.querysets import VideoQuerySet

# The weight of each kind of evidence.
TRUST = {
    VideoMood.Origin.EMOTIONS: 1.0,
    VideoMood.Origin.REACTIONS: 1.0,
    VideoMood.Origin.TAGS: 0.8,
    VideoMood.Origin.TEXT: 0.6,
}


def store_from_texts(videos: Iterable[Video]) -> None:
    """Store the moods of the videos' tags, and of their titles and descriptions."""
    rows = list(videos)
    store(origin="tags", strengths={v.pk: from_words(v.tags) for v in rows})
    store(
        origin="text",
        strengths={v.pk: from_words([v.title, v.description]) for v in rows},
    )


def store(*, origin: str, strengths: Mapping[int, Strengths]) -> int:
    """Replace one kind of evidence of the videos with these primary keys.

    Returns how many rows were written or deleted; unchanged rows are not written.
    """
    rows = VideoMood.objects.filter(origin=origin, video__in=strengths)
    stored = {(row.video_id, row.mood): row for row in rows}
    new = {
        (pk, mood): strength
        for pk, moods in strengths.items()
        for mood, strength in moods.items()
    }
    obsolete = [row.pk for key, row in stored.items() if key not in new]
    changed = [
        VideoMood(video_id=pk, mood=mood, origin=origin, strength=strength)
        for (pk, mood), strength in new.items()
        if (pk, mood) not in stored or stored[pk, mood].strength != strength
    ]
    if obsolete:
        VideoMood.objects.filter(pk__in=obsolete).delete()
    VideoMood.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["video", "mood", "origin"],
        update_fields=["strength"],
    )
    return len(obsolete) + len(changed)


def in_mood(videos: VideoQuerySet, mood: str) -> VideoQuerySet:
    """Those of `videos` with this mood, annotated with `mood_strength`."""
    best = (
        VideoMood.objects.filter(video=OuterRef("pk"), mood=mood)
        .values("video")
        .annotate(best=Max(trusted_strength()))
        .values("best")
    )
    strength = Subquery(best, output_field=FloatField())
    return videos.annotate(mood_strength=strength).filter(mood_strength__gt=0)


def trusted_strength() -> Case:
    """SQL: the strength of a `VideoMood`, weighted by `TRUST`."""
    return Case(
        *(
            When(origin=origin, then=F("strength") * Value(trust))
            for origin, trust in TRUST.items()
        ),
        output_field=FloatField(),
    )
