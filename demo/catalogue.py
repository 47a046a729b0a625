"""The plan of the demo: its videos, their creators, ages and clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo import texts
from demo.media.clips import Clip
from demo.simulate import Persona, Videos
from demo.texts import THEMES, CreatorText, VideoText
from videos.catalog import CATALOG

PARENT_OF = {
    child.slug: parent.slug for parent in CATALOG for child in parent.categories
}
CATEGORIES = tuple(PARENT_OF)


@dataclass(frozen=True)
class PlannedVideo:
    """`creator` is a position among the creators; `follows_on` one among the videos."""

    text: VideoText
    clip: Clip
    creator: int
    age: float
    follows_on: int


def plan_videos(count: int, seed: int) -> list[PlannedVideo]:
    """The first `count` videos, taken from each category in turn.

    They were published over the last 90 days, more of them recently, and the parts of
    a series in order. Raises `ValueError` for more than there are texts for.
    """
    video_texts = texts.videos()
    if not 2 <= count <= len(video_texts):
        raise ValueError(
            f"There are texts for 2 to {len(video_texts)} videos, not {count}."
        )
    creators = texts.creators()
    rng = np.random.default_rng(seed)
    # Creators prefer some of their categories.
    preference = rng.gumbel(0, 1, (len(creators), len(CATEGORIES)))
    planned: dict[int, PlannedVideo] = {}
    for position in _in_turn(video_texts)[:count]:
        text = video_texts[position]
        video_rng = np.random.default_rng((seed, position))
        earlier = planned.get(text.follows_on)
        age = 90 * video_rng.beta(1.0, 1.25) + 0.05
        if earlier:
            creator = earlier.creator
            age = earlier.age * video_rng.uniform(0.3, 0.8)
        else:
            creator = _creator(text, creators, preference, video_rng)
        clip = Clip(
            look=text.category,
            seed=seed * 100_003 + position * 7919,
            seconds=round(float(6 + 9 * video_rng.beta(1.2, 2.2)), 1),
            hook=text.hook,
        )
        planned[position] = PlannedVideo(
            text, clip, creator, float(age), text.follows_on if earlier else -1
        )
    order = {position: number for number, position in enumerate(planned)}
    return [
        PlannedVideo(p.text, p.clip, p.creator, p.age, order.get(p.follows_on, -1))
        for p in planned.values()
    ]


def _in_turn(video_texts: list[VideoText]) -> list[int]:
    """Positions: the first text of each category, the second of each, ..."""
    ranks: list[int] = []
    seen: dict[str, int] = {}
    for text in video_texts:
        ranks.append(seen.setdefault(text.category, 0))
        seen[text.category] += 1
    return sorted(
        range(len(video_texts)), key=lambda position: (ranks[position], position)
    )


def _creator(
    text: VideoText,
    creators: list[CreatorText],
    preference: np.ndarray,
    rng: np.random.Generator,
) -> int:
    category = CATEGORIES.index(text.category)
    score = preference[:, category] + rng.gumbel(0, 1.0, len(creators))
    for number, creator in enumerate(creators):
        score[number] += 1.5 * (creator.theme == text.theme)
        if creator.parent != PARENT_OF[text.category]:
            score[number] = -np.inf
    return int(score.argmax())


def as_arrays(planned: list[PlannedVideo]) -> Videos:
    """The plan as the input of `simulate`."""
    return Videos(
        category=np.array([CATEGORIES.index(p.text.category) for p in planned]),
        theme=np.array([THEMES.index(p.text.theme) for p in planned]),
        creator=np.array([p.creator for p in planned]),
        follows_on=np.array([p.follows_on for p in planned]),
        age=np.array([p.age for p in planned]),
    )


def personas(planned: list[PlannedVideo]) -> list[Persona]:
    """The tastes of the personas, in categories that have videos."""
    available = {p.text.category for p in planned}
    return [
        Persona(
            categories=[CATEGORIES.index(c) for c in text.categories if c in available],
            themes=[THEMES.index(theme) for theme in text.themes],
            sessions=text.sessions,
        )
        for text in texts.PERSONAS
    ]
