"""The model of taste has the properties that its docstring lists."""

from __future__ import annotations

import numpy as np
import pytest

from demo.catalogue import CATEGORIES, as_arrays, personas, plan_videos
from demo.simulate import MAX_WATCHES, Behaviour, Videos, simulate

VIEWERS = 250


@pytest.fixture(scope="module")
def videos() -> Videos:
    return as_arrays(plan_videos(400, 7))


@pytest.fixture(scope="module")
def behaviour(videos: Videos) -> Behaviour:
    people = personas(plan_videos(400, 7))
    return simulate(videos, viewers=VIEWERS, personas=people, seed=3)


def test_same_seed_same_behaviour(videos, behaviour):
    again = simulate(
        videos, viewers=VIEWERS, personas=personas(plan_videos(400, 7)), seed=3
    )
    assert np.array_equal(again.watch_video, behaviour.watch_video)
    assert np.array_equal(again.watch_fraction, behaviour.watch_fraction)


def test_nobody_watches_before_publication_and_time_runs_forward(videos, behaviour):
    assert (behaviour.watch_age <= videos.age[behaviour.watch_video]).all()
    assert (np.diff(behaviour.watch_age) <= 0).all()
    assert behaviour.watch_age.max() <= 60
    assert behaviour.watch_fraction.min() >= 0
    assert behaviour.watch_fraction.max() <= 1


def test_popularity_is_skewed_and_repeats_are_few(videos, behaviour):
    counts = np.sort(np.bincount(behaviour.watch_video, minlength=len(videos)))[::-1]
    assert counts[:40].sum() > 0.2 * counts.sum()
    assert counts[:200].sum() < 0.95 * counts.sum()
    pairs = behaviour.watch_viewer * len(videos) + behaviour.watch_video
    sessions = np.unique(pairs, return_counts=True)[1]
    assert sessions.max() <= MAX_WATCHES
    assert (sessions > 1).mean() < 0.2


def test_personas_watch_what_is_theirs_and_differ(videos, behaviour):
    shares = []
    for number, persona in enumerate(personas(plan_videos(400, 7))):
        mine = behaviour.watch_video[behaviour.watch_viewer == VIEWERS + number]
        if not persona.sessions:
            assert len(mine) == 0
            continue
        assert np.isin(videos.category[mine], persona.categories).mean() > 0.55
        shares.append(np.bincount(videos.category[mine], minlength=len(CATEGORIES)))
    overlap = np.corrcoef(shares) - np.eye(len(shares))
    assert overlap.max() < 0.5


def test_likes_follow_watches_and_follows_follow_good_watches(videos, behaviour):
    watched = set(zip(behaviour.watch_viewer, behaviour.watch_video, strict=True))
    liked = list(zip(behaviour.like_viewer, behaviour.like_video, strict=True))
    assert set(liked) <= watched
    assert len(set(liked)) == len(liked)
    followed = list(zip(behaviour.follow_viewer, behaviour.follow_creator, strict=True))
    assert len(set(followed)) == len(followed) > 100
    # After a follow, more of what one watches is by that creator than before.
    before = after = 0.0
    for viewer, creator, age in zip(
        behaviour.follow_viewer,
        behaviour.follow_creator,
        behaviour.follow_age,
        strict=True,
    ):
        mine = behaviour.watch_viewer == viewer
        theirs = videos.creator[behaviour.watch_video[mine]] == creator
        late = behaviour.watch_age[mine] < age
        if late.sum() > 3 and (~late).sum() > 3:
            after += theirs[late].mean()
            before += theirs[~late][:-1].mean()
    assert after > before
