"""The moods that words and audience reactions stand for; see `docs/moods.md`.

Pure functions, without a database: the benchmark uses them too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from accounts.moods import Mood

Strengths = dict[str, float]  # mood -> strength, above 0 and at most 1

# The words of emotions, moods and tags for each mood.
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

# Reactions of a talk's audience, and the mood of each.
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

DECAY = 0.1  # of the strength, for each word after the first
MIN_STRENGTH = 0.3


def from_words(words: Iterable[str]) -> Strengths:
    """The moods of emotions, tags or texts; earlier ones are stronger."""
    strengths: Strengths = {}
    for position, phrase in enumerate(words):
        strength = max(1 - DECAY * position, MIN_STRENGTH)
        for word in re.findall(r"[a-z]+(?:-[a-z]+)*", phrase.lower()):
            for mood, known in WORDS.items():
                if word in known:
                    strengths.setdefault(mood.value, strength)
    return strengths


def shares(reactions: Mapping[str, float]) -> Strengths:
    """The share of each mood in an audience's reactions; shares sum to 1.

    Reactions without a mood ("OK", "Longwinded") are ignored.
    """
    sums: Strengths = {}
    for name, count in reactions.items():
        if name in REACTIONS and count > 0:
            mood = REACTIONS[name].value
            sums[mood] = sums.get(mood, 0.0) + count
    total = sum(sums.values())
    return {mood: amount / total for mood, amount in sums.items()}


def mean_shares(audiences: Sequence[Mapping[str, float]]) -> Strengths:
    """The mean of `shares` over many audiences."""
    sums: Strengths = {}
    for reactions in audiences:
        for mood, share in shares(reactions).items():
            sums[mood] = sums.get(mood, 0.0) + share
    return {mood: amount / len(audiences) for mood, amount in sums.items()}


def from_reactions(reactions: Mapping[str, float], common: Strengths) -> Strengths:
    """The moods whose share is greater than `common`, the `mean_shares`.

    Twice the mean share gives strength 0.5, four times gives 0.75.
    """
    return {
        mood: 1 - common.get(mood, 0.0) / share
        for mood, share in shares(reactions).items()
        if common.get(mood, 0.0) < share
    }
