"""The `Engagement` of a person with a video, and the aggregates that use it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from accounts.models import User
from interactions.services.counters import Change, add_to_counters
from interactions.services.interests import Addition, add_engagements
from interactions.services.locking import lock_person

WATCH_WEIGHT = 0.6
LIKE_WEIGHT = 0.4

# `engagement_score` in SQL, with `fraction` and `liked` as columns.
ENGAGEMENT_SCORE_SQL = (
    "CASE WHEN fraction >= %(view_threshold)s"
    f" THEN {WATCH_WEIGHT} * fraction + {LIKE_WEIGHT} * liked::int ELSE 0 END"
)
UNTIMED_SCORE_SQL = f"least(%(untimed_weight)s + {LIKE_WEIGHT} * liked::int, 1)"

# Parameters `users` and `videos` are arrays of keys, or NULL for all rows.
IN_SCOPE = (
    "(%(users)s::bigint[] IS NULL OR user_id = ANY(%(users)s))"
    " AND (%(videos)s::bigint[] IS NULL OR video_id = ANY(%(videos)s))"
)

# One row for each person and video with a watch or a like. `fraction` is of counted
# watches only; it is NULL if none of them was timed. Returns the rows that changed.
STORE_ENGAGEMENTS = f"""
WITH summed AS MATERIALIZED (
    SELECT user_id, video_id, coalesce(max(fraction), 0) AS best,
        sum(seconds) AS seconds, sum(sessions) AS sessions,
        bool_or(counted) AS viewed, bool_or(liked) AS liked,
        max(fraction) FILTER (WHERE counted) AS fraction,
        max(at) AS last_at
    FROM (
        SELECT user_id, video_id, watch_time AS fraction, watched_duration AS seconds,
            1 AS sessions, counted, false AS liked, timestamp AS at
        FROM interactions_watch
        UNION ALL
        SELECT user_id, video_id, 0, 0, 0, false, true, timestamp
        FROM interactions_like
    ) AS deeds
    WHERE {IN_SCOPE}
    GROUP BY user_id, video_id
),
stored AS (
    INSERT INTO interactions_engagement AS e (user_id, video_id, fraction, seconds,
        sessions, viewed, liked, score, last_at, created_at, updated_at)
    SELECT user_id, video_id, best, seconds, sessions, viewed, liked,
        CASE WHEN viewed AND fraction IS NULL THEN {UNTIMED_SCORE_SQL}
            ELSE {ENGAGEMENT_SCORE_SQL} END, last_at, now(), now()
    FROM summed
    ON CONFLICT (user_id, video_id) DO UPDATE SET
        fraction = excluded.fraction, seconds = excluded.seconds,
        sessions = excluded.sessions, viewed = excluded.viewed,
        liked = excluded.liked, score = excluded.score, last_at = excluded.last_at,
        updated_at = now()
    WHERE (e.fraction, e.seconds, e.sessions, e.viewed, e.liked, e.score, e.last_at)
        IS DISTINCT FROM (excluded.fraction, excluded.seconds, excluded.sessions,
            excluded.viewed, excluded.liked, excluded.score, excluded.last_at)
    RETURNING video_id, score, last_at
),
deleted AS (
    DELETE FROM interactions_engagement AS e
    WHERE {IN_SCOPE} AND NOT EXISTS (
        SELECT FROM summed s WHERE s.user_id = e.user_id AND s.video_id = e.video_id)
    RETURNING video_id, last_at
)
"""
STORE_AND_RETURN = f"""{STORE_ENGAGEMENTS}
SELECT video_id, score, last_at FROM stored
UNION ALL SELECT video_id, 0, last_at FROM deleted
"""

LOCK = """
SELECT video_id, score, last_at FROM interactions_engagement
WHERE user_id = %s AND video_id = ANY(%s)
FOR UPDATE
"""


def engagement_score(*, fraction: float | None, liked: bool) -> float:
    """A person's engagement with a video, 0 to 1.

    `fraction` is the best fraction watched in one session, None if no view has a watch
    time. Below `VIEW_THRESHOLD` the score is 0 even if liked: a like counts once the
    video counts as viewed.
    """
    if fraction is None:
        return min(settings.UNTIMED_VIEW_WEIGHT + LIKE_WEIGHT * liked, 1.0)
    if fraction < settings.VIEW_THRESHOLD:
        return 0.0
    return WATCH_WEIGHT * fraction + LIKE_WEIGHT * liked


def score_parameters() -> dict[str, float]:
    """The parameters of the score in SQL."""
    return {
        "view_threshold": settings.VIEW_THRESHOLD,
        "untimed_weight": settings.UNTIMED_VIEW_WEIGHT,
    }


class Score(NamedTuple):
    """The score of an engagement, and the time of its last watch or like."""

    value: float
    at: datetime


@dataclass(frozen=True)
class EngagementChange:
    """What changed in the engagement with a video.

    `counted` is the change in the number of counted sessions; `views` and `likes` are
    added to the counters of the video.
    """

    counted: int = 0
    views: int = 0
    likes: int = 0


def lock_engagements(*, user: User, videos: Collection[int]) -> dict[int, Score]:
    """The scores of the engagements of `user` with videos, by primary key.

    Locks the rows and the person until the transaction ends.
    """
    lock_person(user)
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [user.pk, list(videos)])
        return {video: Score(score, at) for video, score, at in cursor.fetchall()}


def update_engagements(
    *,
    user: User,
    before: Mapping[int, Score],
    changes: Mapping[int, EngagementChange],
) -> None:
    """Recompute engagements, and update interests and video counters.

    `before` is the result of `lock_engagements`, before watches and likes changed.
    """
    after = _recompute(user, list(changes))
    additions, counters = [], {}
    for video, change in changes.items():
        old, new = before.get(video), after.get(video)
        gain = new.value - (old.value if old else 0.0) if new else 0.0
        counters[video] = Change(change.views, change.likes, gain)
        amounts = [(-old.value, old.at)] if old and new else []
        if last := new or old:
            additions.append(
                Addition(
                    video=video,
                    amounts=[*amounts, (last.value if new else 0.0, last.at)],
                    interactions=change.counted + change.likes,
                )
            )
    add_engagements(user=user, additions=additions)
    add_to_counters(counters)


def _recompute(user: User, videos: list[int]) -> dict[int, Score]:
    """Store the engagements; returns the scores of those that changed."""
    parameters = score_parameters() | {"users": [user.pk], "videos": videos}
    with connection.cursor() as cursor:
        cursor.execute(STORE_AND_RETURN, parameters)
        return {video: Score(score, at) for video, score, at in cursor.fetchall()}
