"""Moods of videos without other evidence, inferred from their texts."""

from __future__ import annotations

import numpy as np

from accounts.moods import Mood
from recommender.dataset.text_embeddings import video_text
from recommender.ml.labels.mood_classifier import MoodClassifier
from videos.models import Video, VideoMood
from videos.moods import store
from videos.moods.lexicon import Strengths, from_words

MIN_EXAMPLES = 200  # videos with known moods, to learn from
MIN_EXAMPLES_OF_MOOD = 20  # videos with a mood, to learn that mood
DIGITS = 3  # of a strength: smaller differences are chance and no change
STRONG = 1 / 3  # least strength of an example, and of an inferred mood


def infer() -> int:
    """Infer moods from text for videos without other evidence.

    The lexicon gives moods that the text names. A classifier trained on the videos with
    other evidence (emotions, tags, reactions) adds moods whose probability given the
    text is at least 1.5 times the average. Returns how many rows changed.
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
    unlabelled = [pk for pk in rows if pk not in examples]
    moods: dict[int, Strengths] = {pk: from_words(rows[pk][:2]) for pk in unlabelled}
    for pk, strengths in _classified(rows, examples, unlabelled).items():
        for mood, strength in strengths.items():
            moods[pk][mood] = max(moods[pk].get(mood, 0.0), strength)
    return store.store(origin=VideoMood.Origin.TEXT, strengths=moods)


def _classified(
    rows: dict[int, tuple[str, str, list[str]]],
    examples: dict[int, set[str]],
    unlabelled: list[int],
) -> dict[int, Strengths]:
    names = [
        mood.value
        for mood in Mood
        if sum(mood.value in moods for moods in examples.values())
        >= MIN_EXAMPLES_OF_MOOD
    ]
    if len(examples) < MIN_EXAMPLES or not names or not unlabelled:
        return {}
    texts = {pk: _text(*row) for pk, row in rows.items()}
    labels = np.array([[n in moods for n in names] for moods in examples.values()])
    classifier = MoodClassifier.fit(
        [texts[pk] for pk in examples],
        labels,
        others=[texts[pk] for pk in unlabelled],
    )
    chances = classifier.probabilities([texts[pk] for pk in unlabelled])
    strengths = 1 - labels.mean(0) / np.maximum(chances, 1e-9)
    return {
        pk: {
            name: round(float(strength), DIGITS)
            for name, strength in zip(names, row, strict=True)
            if strength >= STRONG
        }
        for pk, row in zip(unlabelled, strengths, strict=True)
    }


def _text(title: str, description: str, tags: list[str]) -> str:
    return "\n".join([video_text(title, description), *tags])
