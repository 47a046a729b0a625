"""Demo viewers follow people who like the same videos and share their likes."""

from __future__ import annotations

import numpy as np

from demo import follows
from demo.follows import ViewerFollows, follow_viewers
from demo.simulate import Behaviour

NONE = np.array([], np.int64)


def follows_of(likes: list[tuple[int, int]], sharing: list[bool]) -> ViewerFollows:
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
    return follow_viewers(behaviour, sharing=np.array(sharing), crowd=0, seed=7)


def test_viewers_follow_people_who_share_likes_of_the_same_videos():
    likes = [
        *((0, video) for video in (1, 2, 3)),
        *((1, video) for video in (1, 2, 5)),  # two in common with 0
        *((2, video) for video in (3, 6, 7)),  # only one
        *((3, video) for video in (1, 2, 3)),  # all three, but not shared
    ]
    made = follows_of(likes, sharing=[True, True, True, False])
    pairs = set(zip(made.follower.tolist(), made.followee.tolist(), strict=True))
    assert pairs == {(0, 1), (1, 0), (3, 0), (3, 1)}
    assert ((made.age >= 0) & (made.age <= 30)).all()


def test_the_number_of_follows_is_limited(monkeypatch):
    monkeypatch.setattr(follows, "PERSONA_FOLLOWS", 2)
    likes = [(person, video) for person in range(6) for video in range(3)]
    made = follows_of(likes, sharing=[True] * 6)
    assert np.bincount(made.follower).tolist() == [2] * 6


def test_one_video_in_common_is_not_enough():
    made = follows_of([(0, 1), (0, 2)], sharing=[True, True])
    assert not len(made.follower)
