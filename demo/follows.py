"""Follows between viewers: of people who liked the videos that one watched.

Only people who share their likes are followed: the reason "3 people you follow liked
it" counts no others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.simulate import DAYS, Behaviour, Ints

MIN_FRACTION = 0.6  # of a video, from which it counts as watched
MIN_COMMON = 2  # videos that the follower watched and the followee liked
SOCIABLE = 0.3  # share of the crowd that follows viewers; all personas do
MAX_FOLLOWS = 10  # of a viewer of the crowd
PERSONA_FOLLOWS = 24
NOISE = 0.7  # scale, in videos in common


@dataclass(frozen=True)
class ViewerFollows:
    """Parallel arrays: positions of people, and age in days."""

    follower: Ints
    followee: Ints
    age: NDArray[np.float64]


def follow_viewers(
    behaviour: Behaviour, *, sharing: NDArray[np.bool_], crowd: int, seed: int
) -> ViewerFollows:
    """Draw who follows whom; equal arguments give equal follows.

    `sharing` holds for each person, the `crowd` first and then the personas, whether
    they share their likes.
    """
    rng = np.random.default_rng((seed, 3))
    people = len(sharing)
    candidates = np.flatnonzero(sharing)
    shape = people, behaviour.watch_video.max(initial=0) + 1
    watched, liked = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    is_long = behaviour.watch_fraction >= MIN_FRACTION
    watched[behaviour.watch_viewer[is_long], behaviour.watch_video[is_long]] = 1
    liked[behaviour.like_viewer, behaviour.like_video] = 1
    common = watched @ liked[candidates].T
    count = rng.integers(2, MAX_FOLLOWS + 1, people) * (rng.random(people) < SOCIABLE)
    count[crowd:] = PERSONA_FOLLOWS
    similarity = common + rng.gumbel(0, NOISE, common.shape)
    similarity[common < MIN_COMMON] = -np.inf
    similarity[candidates, np.arange(len(candidates))] = -np.inf  # themselves
    order = np.argsort(-similarity, axis=1)
    rank = np.arange(len(candidates))
    chosen = (rank < count[:, None]) & np.isfinite(
        np.take_along_axis(similarity, order, axis=1)
    )
    follower, place = np.nonzero(chosen)
    return ViewerFollows(
        follower=follower,
        followee=candidates[order[follower, place]],
        age=rng.uniform(0, DAYS / 2, len(follower)),
    )
