"""Whom viewers follow besides creators: people who liked what they watched gladly.

Only those who share their likes can be found so. That is what "3 people you follow
liked it" needs: followed people who like, and who let it be counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.simulate import DAYS, Behaviour, Ints

GLADLY = 0.6  # watched of a video, at least
IN_COMMON = 2  # videos that one watched gladly and the other liked, at least
SOCIABLE = 0.3  # of the crowd; personas all are
MOST_FRIENDS = 10  # of one of the crowd
FRIENDS_OF_PERSONAS = 24
LUCK = 0.7  # scale of the noise, in videos in common


@dataclass(frozen=True)
class Friendships:
    """Parallel arrays: people by their position, and how many days ago."""

    follower: Ints
    followee: Ints
    age: NDArray[np.float64]


def make_friends(
    behaviour: Behaviour, *, sharing: NDArray[np.bool_], crowd: int, seed: int
) -> Friendships:
    """`sharing` says of all people, the `crowd` and then the personas, who lets others
    see likes. Same arguments, same friendships."""
    rng = np.random.default_rng((seed, 3))
    people = len(sharing)
    open_ones = np.flatnonzero(sharing)
    shape = people, behaviour.watch_video.max(initial=0) + 1
    watched, liked = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    gladly = behaviour.watch_fraction >= GLADLY
    watched[behaviour.watch_viewer[gladly], behaviour.watch_video[gladly]] = 1
    liked[behaviour.like_viewer, behaviour.like_video] = 1
    common = watched @ liked[open_ones].T
    wished = rng.integers(2, MOST_FRIENDS + 1, people) * (rng.random(people) < SOCIABLE)
    wished[crowd:] = FRIENDS_OF_PERSONAS
    alike = common + rng.gumbel(0, LUCK, common.shape)
    alike[common < IN_COMMON] = -np.inf
    alike[open_ones, np.arange(len(open_ones))] = -np.inf  # oneself
    order = np.argsort(-alike, axis=1)
    rank = np.arange(len(open_ones))
    chosen = (rank < wished[:, None]) & np.isfinite(
        np.take_along_axis(alike, order, axis=1)
    )
    follower, place = np.nonzero(chosen)
    return Friendships(
        follower=follower,
        followee=open_ones[order[follower, place]],
        age=rng.uniform(0, DAYS / 2, len(follower)),
    )
