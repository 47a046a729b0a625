"""Writes what the people of a synthetic site did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from benchmarks.site.copying import copy_arrays, copy_models
from benchmarks.site.draws import Bools, Floats, Ints, Site
from benchmarks.site.times import ago
from interactions.models import (
    Comment,
    Engagement,
    Follow,
    Impression,
    Inspire,
    Like,
    NotInterested,
    Rating,
    Watch,
)
from interactions.services.engagement import LIKE_WEIGHT, WATCH_WEIGHT

AGAIN = 0.06  # share of pairs with a second session
LIKE_DELAY = 20 / 86_400  # days
IMPRESSIONS_DAYS = 28.0
IMPRESSIONS = 0.2  # for each engagement of the site, at most
SHOWN_BESIDE = 3  # other videos that were seen in a feed, for each one opened
PLACES = 24
SOURCES = np.array([b"trending", b"category"])  # texts of one width
# Shares of the engagements.
COMMENTED, DISMISSED, RATED, INSPIRED = 0.008, 0.005, 0.005, 0.003
COMMENTS = ("So good.", "I learned something.", "Could you show how?", "Again!")


@dataclass(frozen=True)
class _Sessions:
    """Viewing sessions, the oldest first; `pair` is a row of `site.watches`."""

    pair: Ints
    age: Floats
    fraction: Floats
    feed: NDArray[np.void]  # V16; zero without a feed


def write(site: Site, now: datetime) -> None:
    rng = np.random.default_rng((site.size.seed, 4))
    sessions = _draw_sessions(site, rng)
    _write_watches(site, sessions, now, rng)
    _write_likes(site, now)
    _write_engagements(site, sessions, now)
    _write_impressions(site, sessions, now, rng)
    _write_follows(site, now)
    _write_marks(site, now, rng)
    _write_comments(site, now, rng)


def _uuids(count: int, rng: np.random.Generator) -> NDArray[np.void]:
    return np.frombuffer(rng.bytes(16 * count), "V16")


def _draw_sessions(site: Site, rng: np.random.Generator) -> _Sessions:
    watches = site.watches
    count = len(watches.age)
    again = np.flatnonzero(rng.random(count) < AGAIN)
    pair = np.append(np.arange(count), again)
    age = np.append(watches.age, watches.age[again] * rng.random(len(again)))
    second = rng.beta(2, 1.5, len(again))
    # Decimals of three digits, so that sums are the same everywhere.
    fraction = np.append(watches.fraction.astype(np.float64), second).round(3)
    recent = age < IMPRESSIONS_DAYS
    wanted = IMPRESSIONS / (1 + SHOWN_BESIDE) * count / max(recent.sum(), 1)
    opened = np.flatnonzero(recent & (rng.random(len(age)) < wanted))
    feed = np.zeros(len(age), "V16")
    feed[opened] = _uuids(len(opened), rng)
    order = np.argsort(-age, kind="stable")
    return _Sessions(pair[order], age[order], fraction[order], feed[order])


def _write_watches(
    site: Site, sessions: _Sessions, now: datetime, rng: np.random.Generator
) -> None:
    person, video = _of_pairs(site, sessions.pair)
    at = ago(sessions.age, now)
    seconds = sessions.fraction * site.catalogue.duration[video]
    columns: dict[str, NDArray[Any]] = {
        "user_id": person + 1,
        "video_id": video + 1,
        "session_id": _uuids(len(at), rng),
        "watch_time": sessions.fraction,
        "watched_duration": seconds,
        "counted": _counted(site, sessions),
        "position": seconds,
        "timestamp": at,
        "created_at": at,
        "updated_at": at,
    }
    opened = _opened(sessions)
    table = Watch._meta.db_table
    copy_arrays(table, _where(columns, ~opened))
    copy_arrays(table, _where(columns | {"feed_id": sessions.feed}, opened))


def _of_pairs(site: Site, pairs: Ints) -> tuple[Ints, Ints]:
    return (
        site.watches.person[pairs].astype(np.int64),
        site.watches.video[pairs].astype(np.int64),
    )


def _where(columns: dict[str, NDArray[Any]], rows: Bools) -> dict[str, NDArray[Any]]:
    return {name: values[rows] for name, values in columns.items()}


def _opened(sessions: _Sessions) -> Bools:
    """Whether the video was opened in a feed."""
    return np.asarray(sessions.feed.view("(2,)i8").any(axis=-1))


def _counted(site: Site, sessions: _Sessions) -> Bools:
    person, video = _of_pairs(site, sessions.pair)
    is_own = site.catalogue.creator[video] == person
    return np.asarray((sessions.fraction >= settings.VIEW_THRESHOLD) & ~is_own)


def _like_age(site: Site) -> Floats:
    return np.maximum(site.watches.age - LIKE_DELAY, 0)


def _write_likes(site: Site, now: datetime) -> None:
    liked = np.flatnonzero(site.watches.liked)
    person, video = _of_pairs(site, liked)
    at = ago(_like_age(site)[liked], now)
    columns = {"user_id": person + 1, "video_id": video + 1, "timestamp": at}
    copy_arrays(Like._meta.db_table, columns | {"created_at": at, "updated_at": at})


def _write_engagements(site: Site, sessions: _Sessions, now: datetime) -> None:
    """The aggregates, as `interactions.services.engagement` computes them."""
    count = len(site.watches.age)
    fraction, counted = np.zeros(count), np.zeros(count, bool)
    np.maximum.at(fraction, sessions.pair, sessions.fraction)
    np.logical_or.at(counted, sessions.pair, _counted(site, sessions))
    last = np.full(count, np.inf)
    np.minimum.at(last, sessions.pair, sessions.age)
    liked = site.watches.liked
    last = np.where(liked, np.minimum(last, _like_age(site)), last)
    person, video = _of_pairs(site, np.arange(count))
    seconds = site.catalogue.duration[video[sessions.pair]] * sessions.fraction
    score = WATCH_WEIGHT * fraction + LIKE_WEIGHT * liked
    at, created = ago(last, now), ago(site.watches.age, now)
    copy_arrays(
        Engagement._meta.db_table,
        {
            "user_id": person + 1,
            "video_id": video + 1,
            "fraction": fraction,
            "seconds": np.bincount(sessions.pair, seconds, count),
            "sessions": np.bincount(sessions.pair, minlength=count).astype(np.int32),
            "viewed": counted,
            "liked": liked,
            "score": np.where(counted, score, 0.0),
            "last_at": at,
            "created_at": created,
            "updated_at": at,
        },
    )


def _write_impressions(
    site: Site, sessions: _Sessions, now: datetime, rng: np.random.Generator
) -> None:
    """Each video that was opened in a feed, and some that were seen beside it."""
    opened = np.flatnonzero(_opened(sessions))
    person, video = _of_pairs(site, sessions.pair[opened])
    age = sessions.age[opened] + 1e-4
    copy_arrays(
        Impression._meta.db_table,
        _impressions(sessions.feed[opened], person, video, age, now, rng)
        | {"clicked_at": ago(sessions.age[opened], now)},
    )
    feed = np.tile(np.arange(len(opened)), SHOWN_BESIDE)
    beside = video[rng.integers(len(opened), size=len(feed))] if len(feed) else feed
    shown = (beside != video[feed]) & (site.catalogue.age[beside] > age[feed])
    keys = np.unique(feed[shown] * site.size.videos + beside[shown])
    feed, beside = keys // site.size.videos, keys % site.size.videos
    copy_arrays(
        Impression._meta.db_table,
        _impressions(
            sessions.feed[opened][feed], person[feed], beside, age[feed], now, rng
        ),
    )


def _impressions(
    feed: NDArray[np.void],
    person: Ints,
    video: Ints,
    age: Floats,
    now: datetime,
    rng: np.random.Generator,
) -> dict[str, NDArray[Any]]:
    return {
        "feed_id": feed,
        "user_id": person + 1,
        "video_id": video + 1,
        "position": rng.integers(PLACES, size=len(feed), dtype=np.int32),
        "source": SOURCES[rng.integers(len(SOURCES), size=len(feed))],
        "created_at": ago(age, now),
    }


def _write_follows(site: Site, now: datetime) -> None:
    follows = site.follows
    at = ago(follows.age, now)
    copy_arrays(
        Follow._meta.db_table,
        {
            "follower_id": follows.follower + 1,
            "followee_id": follows.followee + 1,
            "created_at": at,
            "updated_at": at,
        },
    )


def _some(site: Site, share: float, rng: np.random.Generator) -> Ints:
    """Rows of `site.watches`, in their order."""
    count = len(site.watches.age)
    return np.sort(rng.choice(count, int(share * count), replace=False))


def _write_marks(site: Site, now: datetime, rng: np.random.Generator) -> None:
    """Ratings, marks of inspiration, and dismissals."""
    for model, share in ((Rating, RATED), (Inspire, INSPIRED)):
        rows = _some(site, share, rng)
        person, video = _of_pairs(site, rows)
        at = ago(site.watches.age[rows], now)
        columns = {"user_id": person + 1, "video_id": video + 1, "timestamp": at}
        if model is Rating:
            columns["percent"] = rng.integers(20, 101, len(rows), dtype=np.int16)
        copy_arrays(
            model._meta.db_table, columns | {"created_at": at, "updated_at": at}
        )
    rows, others = (_some(site, DISMISSED, rng) for _ in range(2))
    person, _ = _of_pairs(site, rows)
    _, video = _of_pairs(site, rng.permutation(others))
    _, first = np.unique(person * site.size.videos + video, return_index=True)
    first.sort()
    at = ago(site.watches.age[rows[first]], now)
    copy_arrays(
        NotInterested._meta.db_table,
        {
            "user_id": person[first] + 1,
            "video_id": video[first] + 1,
            "created_at": at,
            "updated_at": at,
        },
    )


def _write_comments(site: Site, now: datetime, rng: np.random.Generator) -> None:
    rows = _some(site, COMMENTED, rng)
    person, video = _of_pairs(site, rows)
    text = rng.integers(len(COMMENTS), size=len(rows)).tolist()
    at = [moment.item() for moment in ago(site.watches.age[rows], now)]
    copy_models(
        (
            Comment(
                user_id=int(person[n]) + 1,
                video_id=int(video[n]) + 1,
                text=COMMENTS[text[n]],
                created_at=at[n],
                updated_at=at[n],
            )
            for n in range(len(rows))
        ),
        Comment,
    )
