"""A model of taste that produces the demo's watches, likes and follows.

Everything is drawn from one seed, in this order.

1. **Communities.** `COMMUNITIES` hidden groups each favour three to five categories,
   usually of several parents, two of the themes that run across the categories (calm,
   deep, ...), and a few creators. The data do not name them: only the watches of a
   viewer show that piano, trains and rain belong together.
2. **Viewers** belong to one community and partly to a second. At a random moment the
   first takes over from the second: interests drift. Activity is log-normal.
3. **Videos** have an appeal (log-normal, so popularity is skewed), and are most
   attractive when new. Videos are watched after they are published.
4. **Sessions** fall on the last `DAYS` days. In a session, a viewer takes one to about
   eight videos by Gumbel-max sampling over a utility: taste for category, theme and
   creator, appeal, freshness, a bonus for creators followed *before* that moment, and
   for the next part of a series whose earlier part was watched. A person watches a
   video at most `MAX_WATCHES` times, with a lower utility from the second time on.
5. **Noise.** With probability `STRAY` a pick does not depend on taste: it is popular
   or random.
6. **Reactions.** The watched fraction is Beta-distributed about a mean that rises with
   the taste alone (not with popularity). Likes follow long watches that match the
   taste; follows come after long watches of a creator, and raise later utilities.

There is no position bias: sessions choose from the whole catalogue. A graph has more to
learn from than co-watching, as on real platforms: new videos have no watches yet, but a
creator with followers, a category and a theme.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COMMUNITIES = 26
DAYS = 60.0
MAX_WATCHES = 3
STRAY = 0.1

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Videos:
    """The catalogue as arrays, all (videos,).

    `age` is in days before now; `follows_on` is the earlier part of a series, or -1.
    """

    category: Ints
    theme: Ints
    creator: Ints
    follows_on: Ints
    age: Floats

    def __len__(self) -> int:
        return len(self.category)


@dataclass(frozen=True)
class Persona:
    """A viewer with given tastes; a newcomer has 0 `sessions`."""

    categories: Sequence[int]
    themes: Sequence[int]
    sessions: int


@dataclass(frozen=True)
class Behaviour:
    """Watches, likes and follows, each ordered by time; `*_age` in days before now.

    Viewers 0..n-1 are the crowd; the personas follow in their order.
    """

    watch_viewer: Ints
    watch_video: Ints
    watch_fraction: Floats
    watch_age: Floats
    like_viewer: Ints
    like_video: Ints
    like_age: Floats
    follow_viewer: Ints
    follow_creator: Ints
    follow_age: Floats
    #: Favourite categories of each viewer, best first, (viewers, at most 4).
    favourites: Ints


@dataclass(frozen=True)
class Tastes:
    """Log-scale likings: communities or people x categories, themes, creators."""

    category: Floats
    theme: Floats
    creator: Floats

    def for_videos(self, videos: Videos) -> Floats:
        """The liking for each video, (rows, videos)."""
        return np.asarray(
            self.category[:, videos.category]
            + self.theme[:, videos.theme]
            + self.creator[:, videos.creator]
        )


def simulate(
    videos: Videos, *, viewers: int, personas: Sequence[Persona], seed: int
) -> Behaviour:
    """Simulate `viewers` and then the personas; equal arguments give equal results."""
    rng = np.random.default_rng(seed)
    groups = _communities(videos, rng)
    appeal = rng.normal(0, 0.85, len(videos))
    likings = groups.for_videos(videos)
    log = _Log()
    best = min(4, groups.category.shape[1])
    favourites = np.zeros((viewers + len(personas), best), np.int64)
    for viewer in range(viewers):
        first, second = rng.choice(COMMUNITIES, 2, replace=False)
        own = rng.normal(0, 0.35, len(videos))  # people differ from their community
        sessions = int(np.clip(rng.lognormal(2.2, 0.65), 2, 60))
        path = _Drift(likings[second] + own, likings[first] + own, rng.uniform(0, 0.9))
        blend = groups.category[first] + 0.4 * groups.category[second]
        favourites[viewer] = np.argsort(-blend)[:best]
        _watch(viewer, sessions, path, videos, appeal, rng, log)
    for number, persona in enumerate(personas):
        taste = _persona_tastes(persona, groups)
        own = taste.for_videos(videos)[0] + rng.normal(0, 0.3, len(videos))
        order = np.argsort(-taste.category[0], kind="stable")
        favourites[viewers + number] = order[:best]
        path = _Drift(own, own, 0.0)
        _watch(viewers + number, persona.sessions, path, videos, appeal, rng, log)
    return log.behaviour(favourites)


def _communities(videos: Videos, rng: np.random.Generator) -> Tastes:
    categories = int(videos.category.max()) + 1
    themes = int(videos.theme.max()) + 1
    creators = int(videos.creator.max()) + 1
    category = rng.normal(0, 0.3, (COMMUNITIES, categories))
    theme = rng.normal(-0.3, 0.25, (COMMUNITIES, themes))
    creator = rng.normal(0, 0.45, (COMMUNITIES, creators))
    for group in range(COMMUNITIES):
        most = min(categories, int(rng.integers(3, 6)))
        loved = rng.choice(categories, most, False)
        category[group, loved] += rng.uniform(2.0, 3.2, most)
        theme[group, rng.choice(themes, min(2, themes), False)] += 1.5
        stars = rng.choice(creators, min(creators, 4), False)
        creator[group, stars] += rng.uniform(0.8, 1.6, len(stars))
    return Tastes(category, theme, creator)


def _persona_tastes(persona: Persona, groups: Tastes) -> Tastes:
    category = np.full((1, groups.category.shape[1]), -1.0)
    # The first are liked most; the slope makes the order of favourites definite.
    loved = 5.0 - 0.15 * np.arange(len(persona.categories))
    category[0, list(persona.categories)] = loved
    theme = np.zeros((1, groups.theme.shape[1]))
    theme[0, list(persona.themes)] = 1.2
    return Tastes(category, theme, np.zeros((1, groups.creator.shape[1])))


@dataclass(frozen=True)
class _Drift:
    """Liking for each video as it moves from `before` to `after` about `turn`."""

    before: Floats
    after: Floats
    turn: float

    def at(self, progress: float) -> Floats:
        weight = 1 / (1 + math.exp(-(progress - self.turn) * 14))
        return np.asarray(weight * self.after + (1 - weight) * self.before)


class _Log:
    """Rows in the order of simulation."""

    def __init__(self) -> None:
        self.watches: list[tuple[int, int, float, float]] = []
        self.likes: list[tuple[int, int, float]] = []
        self.follows: list[tuple[int, int, float]] = []

    def behaviour(self, favourites: Ints) -> Behaviour:
        watches = _columns(self.watches, 4, newest_last=3)
        likes = _columns(self.likes, 3, newest_last=2)
        follows = _columns(self.follows, 3, newest_last=2)
        return Behaviour(
            watch_viewer=watches[0].astype(np.int64),
            watch_video=watches[1].astype(np.int64),
            watch_fraction=watches[2],
            watch_age=watches[3],
            like_viewer=likes[0].astype(np.int64),
            like_video=likes[1].astype(np.int64),
            like_age=likes[2],
            follow_viewer=follows[0].astype(np.int64),
            follow_creator=follows[1].astype(np.int64),
            follow_age=follows[2],
            favourites=favourites,
        )


def _columns(rows: Sequence[tuple[float, ...]], width: int, newest_last: int) -> Floats:
    table = np.array(rows, dtype=float).reshape(-1, width)
    return table[np.argsort(-table[:, newest_last], kind="stable")].T


def _watch(
    viewer: int,
    sessions: int,
    taste: _Drift,
    videos: Videos,
    appeal: Floats,
    rng: np.random.Generator,
    log: _Log,
) -> None:
    """All sessions of one viewer, oldest first."""
    seen = np.zeros(len(videos), np.int64)
    followed = np.zeros(int(videos.creator.max()) + 1, bool)
    popular = np.exp(appeal)
    # The videos that this person likes best set the scale for their reactions.
    level = float(np.quantile(taste.after, 0.97))
    for age in np.sort(rng.uniform(0, DAYS, sessions))[::-1]:
        out = videos.age > age
        if not out.any():
            continue
        liking = taste.at(1 - age / DAYS)
        freshness = 1.6 * np.exp(-(videos.age - age) / 7)
        earlier = videos.follows_on
        sequel = (earlier >= 0) & (seen[earlier] > 0)
        utility = 1.15 * liking + appeal + freshness
        utility += 1.5 * followed[videos.creator] + 3.0 * sequel
        utility -= 3.5 * (seen > 0)
        utility[~out | (seen >= MAX_WATCHES)] = -np.inf
        picks = min(1 + min(int(rng.geometric(0.22)), 9), len(videos) - 1)
        drawn = utility + rng.gumbel(0, 1, len(videos))
        order = np.argpartition(-drawn, picks)[:picks]
        clock = age
        for video in order[np.isfinite(utility[order])]:
            if rng.random() < STRAY:
                chance = out * (popular if rng.random() < 0.7 else 1.0)
                video = rng.choice(len(videos), p=chance / chance.sum())
                if seen[video] >= MAX_WATCHES:
                    continue
            match = 1 / (1 + math.exp(-1.3 * (float(liking[video]) - level + 1.1)))
            mean = 0.12 + 0.78 * match
            fraction = float(rng.beta(4 * mean, 4 * (1 - mean)))
            clock = max(clock - rng.exponential(0.004), 0.0)
            seen[video] += 1
            log.watches.append((viewer, int(video), round(fraction, 4), clock))
            if fraction > 0.45 and seen[video] == 1 and rng.random() < 0.42 * match:
                log.likes.append((viewer, int(video), clock))
            creator = int(videos.creator[video])
            if fraction > 0.6 and not followed[creator] and rng.random() < 0.13 * match:
                followed[creator] = True
                log.follows.append((viewer, creator, clock))
