"""The moods of videos: from the words that describe them, and from their audience.

Each kind of evidence is stored for itself (`VideoMood`), so that it can be weighed anew
when it changes; a video's mood is as strong as its best evidence. `docs/moods.md` has
the tables below in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from django.db.models import Case, F, FloatField, Max, OuterRef, Subquery, Value, When

from accounts.moods import Mood
from videos.models import Video, VideoMood
from videos.querysets import VideoQuerySet

Strengths = dict[str, float]  # mood -> strength, above 0 and at most 1

# How far each kind of evidence is believed.
TRUST = {
    VideoMood.Origin.EMOTIONS: 1.0,
    VideoMood.Origin.REACTIONS: 1.0,
    VideoMood.Origin.TAGS: 0.8,
    VideoMood.Origin.TEXT: 0.6,
}

# What speaks for each mood, as emotions, moods and tags name it.
WORDS: Mapping[Mood, frozenset[str]] = {
    mood: frozenset(words.split())
    for mood, words in {
        Mood.FUNNY: """funny fun humor humour humorous comedy comedic comic hilarious
            joke jokes laugh laughter amused amusing amusement playful playfulness silly
            satire parody prank witty lighthearted light-hearted whimsical absurd""",
        Mood.INSPIRING: """inspiring inspired inspiration inspirational motivating
            motivated motivation motivational uplifting uplifted hope hopeful optimism
            optimistic empowering empowered empowerment determined determination
            ambition ambitious success triumph pride proud encouraging""",
        Mood.MOVING: """moving moved touching touched emotional emotion heartwarming
            heartfelt tender tenderness love loving compassion compassionate empathy sad
            sadness sorrow grief melancholy melancholic nostalgia nostalgic bittersweet
            gratitude grateful romantic sentimental vulnerable vulnerability courage
            courageous""",
        Mood.INFORMATIVE: """informative information educational education learning
            lesson instructive tutorial explained explanation explanatory how-to
            science scientific curious curiosity interesting knowledge documentary
            insightful ingenious""",
        Mood.ASTONISHING: """astonishing astonished astonishment amazing amazed
            amazement surprise surprised surprising wonder wondrous awe awesome
            awe-inspiring jaw-dropping breathtaking spectacular incredible unbelievable
            shock shocked shocking mystery mysterious intrigue intrigued fascinating
            fascinated fascination""",
        Mood.THOUGHTFUL: """thoughtful thought-provoking reflective reflection
            contemplative contemplation introspective introspection philosophical
            philosophy serious seriousness persuasive convincing debate ethics concern
            concerned profound wisdom meaningful pensive""",
        Mood.CALM: """calm calming calmness peace peaceful peacefulness relax relaxed
            relaxing relaxation serene serenity soothing tranquil tranquility quiet
            gentle meditation meditative mindful mindfulness asmr ambient cozy cosy
            contentment comfort comforting""",
        Mood.ENERGETIC: """energetic energy excited excitement exciting thrill thrilled
            thrilling intense intensity upbeat hype adrenaline dynamic lively enthusiasm
            enthusiastic joy joyful exhilarating dance dancing workout adventure
            adventurous passionate fast-paced""",
    }.items()
}

# What an audience says of a talk, and the mood that it speaks for.
REACTIONS: Mapping[str, Mood] = {
    "Funny": Mood.FUNNY,
    "Inspiring": Mood.INSPIRING,
    "Courageous": Mood.MOVING,
    "Beautiful": Mood.MOVING,
    "Informative": Mood.INFORMATIVE,
    "Ingenious": Mood.INFORMATIVE,
    "Jaw-dropping": Mood.ASTONISHING,
    "Fascinating": Mood.ASTONISHING,
    "Persuasive": Mood.THOUGHTFUL,
}

FADING = 0.1  # of each word after the first
FAINTEST = 0.3


def of_words(words: Iterable[str]) -> Strengths:
    """The moods that emotions or tags speak for; what stands first counts most."""
    found: Strengths = {}
    for place, phrase in enumerate(words):
        strength = max(1 - FADING * place, FAINTEST)
        for word in re.findall(r"[a-z]+(?:-[a-z]+)*", phrase.lower()):
            for mood, known in WORDS.items():
                if word in known:
                    found.setdefault(mood.value, strength)
    return found


def shares(reactions: Mapping[str, float]) -> Strengths:
    """What part of an audience's reactions speaks for each mood; they sum to 1.

    Reactions that speak for none ("OK", "Longwinded") are left out.
    """
    sums: Strengths = {}
    for name, count in reactions.items():
        if name in REACTIONS and count > 0:
            mood = REACTIONS[name].value
            sums[mood] = sums.get(mood, 0.0) + count
    total = sum(sums.values())
    return {mood: amount / total for mood, amount in sums.items()}


def of_reactions(reactions: Mapping[str, float], usual: Strengths) -> Strengths:
    """The moods for which an audience reacted more than audiences do.

    `usual` has the mean of `shares` over many videos. A mood as frequent as usual is
    none; one twice as frequent has strength 0.5, one four times as frequent 0.75.
    """
    found = {}
    for mood, share in shares(reactions).items():
        if usual.get(mood, 0.0) < share:
            found[mood] = 1 - usual.get(mood, 0.0) / share
    return found


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


def in_mood(videos: VideoQuerySet, mood: str) -> VideoQuerySet:
    """Those of `videos` with this mood, annotated with `mood_strength`."""
    best = (
        VideoMood.objects.filter(video=OuterRef("pk"), mood=mood)
        .values("video")
        .annotate(best=Max(believed()))
        .values("best")
    )
    strength = Subquery(best, output_field=FloatField())
    return videos.annotate(mood_strength=strength).filter(mood_strength__gt=0)


def believed() -> Case:
    """SQL: the strength of a `VideoMood`, as far as its kind is believed."""
    return Case(
        *(
            When(origin=origin, then=F("strength") * Value(trust))
            for origin, trust in TRUST.items()
        ),
        output_field=FloatField(),
    )
