"""Demo people follow those who like the same and say so."""

from __future__ import annotations

import numpy as np

from demo import follows
from demo.follows import Friendships, make_friends
from demo.simulate import Behaviour

NONE = np.array([], np.int64)


def befriended(likes: list[tuple[int, int]], sharing: list[bool]) -> Friendships:
    """Of people who are personas all, by who liked which video."""
    viewer, video = np.array(likes, np.int64).T
    behaviour = Behaviour(
        watch_viewer=viewer,
        watch_video=video,
        watch_fraction=np.ones(len(likes)),
        watch_age=np.zeros(len(likes)),
        like_viewer=viewer,
        like_video=video,
        like_age=np.zeros(len(likes)),
        follow_viewer=NONE,
        follow_creator=NONE,
        follow_age=np.array([]),
        favourites=np.zeros((len(sharing), 0), np.int64),
    )
    return make_friends(behaviour, sharing=np.array(sharing), crowd=0, seed=7)


def test_they_follow_who_likes_the_same_and_shares_it():
    likes = [
        *((0, video) for video in (1, 2, 3)),
        *((1, video) for video in (1, 2, 5)),  # two in common with 0
        *((2, video) for video in (3, 6, 7)),  # only one
        *((3, video) for video in (1, 2, 3)),  # all three, but kept to oneself
    ]
    made = befriended(likes, sharing=[True, True, True, False])
    pairs = set(zip(made.follower.tolist(), made.followee.tolist(), strict=True))
    assert pairs == {(0, 1), (1, 0), (3, 0), (3, 1)}
    assert ((made.age >= 0) & (made.age <= 30)).all()


def test_nobody_has_more_friends_than_that(monkeypatch):
    monkeypatch.setattr(follows, "FRIENDS_OF_PERSONAS", 2)
    likes = [(person, video) for person in range(6) for video in range(3)]
    made = befriended(likes, sharing=[True] * 6)
    assert np.bincount(made.follower).tolist() == [2] * 6


def test_who_likes_nothing_has_no_friends():
    made = befriended([(0, 1), (0, 2)], sharing=[True, True])
    assert not len(made.follower)
