"""Moods of videos that nobody told the mood of, learned from the others' words."""

from __future__ import annotations

import numpy as np

from accounts.moods import Mood
from recommender.dataset import text_embeddings
from recommender.ml.labels.mood_classifier import MoodClassifier
from videos.models import Video, VideoMood
from videos.moods import store
from videos.moods.lexicon import Strengths, from_words

ENOUGH = 200  # videos whose mood is known, to learn anything from
ENOUGH_OF_ONE = 20  # with a mood, to learn that mood
DIGITS = 3  # of a strength: what comes after them is chance, and no change
STRONG = 1 / 3  # strength from which evidence is an example, and a text speaks


def tell() -> int:
    """Read the moods of videos without other evidence from what is written of them.

    What they say in so many words counts as it is. Beyond that a mood is told where a
    text makes it half as likely again as it is usual, from a regression on the videos
    whose emotions, tags or audience tell it. Returns how many rows changed.
    """
    rows = {
        pk: (title, description, tags)
        for pk, title, description, tags in Video.objects.listed()
        .order_by("pk")
        .values_list("pk", "title", "description", "tags")
    }
    examples: dict[int, set[str]] = {}
    evidence = VideoMood.objects.exclude(origin="text").order_by("video_id")
    for pk, mood, strength in evidence.filter(video__in=rows).values_list(
        "video_id", "mood", "strength"
    ):
        examples.setdefault(pk, set())
        if strength >= STRONG:
            examples[pk].add(mood)
    silent = [pk for pk in rows if pk not in examples]
    found: dict[int, Strengths] = {pk: from_words(rows[pk][:2]) for pk in silent}
    for pk, strengths in _learned(rows, examples, silent).items():
        for mood, strength in strengths.items():
            found[pk][mood] = max(found[pk].get(mood, 0.0), strength)
    return store.store(origin=VideoMood.Origin.TEXT, strengths=found)


def _learned(
    rows: dict[int, tuple[str, str, list[str]]],
    examples: dict[int, set[str]],
    silent: list[int],
) -> dict[int, Strengths]:
    names = [
        mood.value
        for mood in Mood
        if sum(mood.value in felt for felt in examples.values()) >= ENOUGH_OF_ONE
    ]
    if len(examples) < ENOUGH or not names or not silent:
        return {}
    said = {pk: _text(*row) for pk, row in rows.items()}
    flags = np.array([[n in felt for n in names] for felt in examples.values()])
    classifier = MoodClassifier.fit(
        [said[pk] for pk in examples], flags, others=[said[pk] for pk in silent]
    )
    chances = classifier.probabilities([said[pk] for pk in silent])
    strengths = 1 - flags.mean(0) / np.maximum(chances, 1e-9)
    return {
        pk: {
            name: round(float(strength), DIGITS)
            for name, strength in zip(names, row, strict=True)
            if strength >= STRONG
        }
        for pk, row in zip(silent, strengths, strict=True)
    }


def _text(title: str, description: str, tags: list[str]) -> str:
    return "\n".join([text_embeddings.of_video(title, description), *tags])
