"""Recomputing all aggregates from the rows, in a few statements.

Bulk imports use it, because they write `Watch` and `Like` rows directly. It also runs
once a day, for changes that the other services do not see: new categories of a video, a
deleted video. Otherwise it computes what the other services update row by row.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.models import User
from interactions.querysets import MAX_HALF_LIVES
from interactions.services.engagement import (
    IN_SCOPE,
    STORE_ENGAGEMENTS,
    score_parameters,
)
from interactions.services.interests import SEED_SCORE
from interactions.services.locking import lock_sums
from videos.models import Video

COUNT_WATCHES = f"""
UPDATE interactions_watch AS watch
SET counted = NOT counted
FROM (SELECT id AS video_key, creator_id FROM videos_video) AS video
WHERE video_key = video_id AND {IN_SCOPE}
    AND counted <> (coalesce(watch_time >= %(view_threshold)s, true)
        AND user_id <> creator_id)
"""

COUNT_VIDEOS = """
UPDATE videos_video AS video
SET views = fresh.views, likes = fresh.likes, engagement = fresh.engagement
FROM (
    SELECT v.id,
        coalesce(watches.views, 0) + coalesce(anonymous.views, 0) AS views,
        coalesce(likes.likes, 0) AS likes,
        coalesce(engagements.engagement, 0) AS engagement
    FROM videos_video v
    LEFT JOIN (SELECT video_id, count(*) AS views FROM interactions_watch
        WHERE counted AND NOT repeated GROUP BY video_id) AS watches
        ON watches.video_id = v.id
    LEFT JOIN (SELECT video_id, count(*) AS views FROM interactions_anonymousview
        GROUP BY video_id) AS anonymous ON anonymous.video_id = v.id
    LEFT JOIN (SELECT video_id, count(*) AS likes FROM interactions_like
        GROUP BY video_id) AS likes ON likes.video_id = v.id
    LEFT JOIN (SELECT video_id, sum(score) AS engagement FROM interactions_engagement
        GROUP BY video_id) AS engagements ON engagements.video_id = v.id
    WHERE %(videos)s::bigint[] IS NULL OR v.id = ANY(%(videos)s)
) AS fresh
WHERE video.id = fresh.id AND (video.views, video.likes, video.engagement)
    IS DISTINCT FROM (fresh.views, fresh.likes, fresh.engagement)
"""

# The seeds by the parent categories that people chose.
CHOSEN = """
SELECT chosen.user_id, category.id AS category_id, person.created_at AS at
FROM accounts_user_parent_category_interests AS chosen
JOIN accounts_user AS person ON person.id = chosen.user_id
JOIN videos_category AS category
    ON category.parent_category_id = chosen.parentcategory_id
"""

DROP_SEEDS = f"""
UPDATE interactions_usercategoryinterest AS interest SET seeded_at = NULL
WHERE seeded_at IS NOT NULL
    AND (%(users)s::bigint[] IS NULL OR user_id = ANY(%(users)s))
    AND NOT EXISTS (SELECT FROM ({CHOSEN}) AS chosen
        WHERE chosen.user_id = interest.user_id
            AND chosen.category_id = interest.category_id)
"""

STORE_SEEDS = f"""
INSERT INTO interactions_usercategoryinterest AS interest (user_id, category_id, score,
    interaction_count, scored_at, seeded_at, created_at, updated_at)
SELECT user_id, category_id, 0, 0, at, at, now(), now() FROM ({CHOSEN}) AS chosen
WHERE %(users)s::bigint[] IS NULL OR user_id = ANY(%(users)s)
ON CONFLICT (user_id, category_id) DO UPDATE SET seeded_at = excluded.seeded_at
WHERE interest.seeded_at IS NULL
"""

# Amounts and their times, as in `interests.add_engagement` and `seed_interests`.
STORE_INTERESTS = """
WITH views AS (
    SELECT user_id, video_id, count(*) AS number
    FROM interactions_watch
    WHERE counted AND NOT repeated
        AND (%(users)s::bigint[] IS NULL OR user_id = ANY(%(users)s))
    GROUP BY user_id, video_id
),
amounts AS (
    SELECT user_id, c.category_id, score AS amount, last_at AS at,
        liked::int + coalesce(views.number, 0) AS interactions
    FROM interactions_engagement
    JOIN videos_video_categories AS c USING (video_id)
    LEFT JOIN views USING (user_id, video_id)
    WHERE (viewed OR liked)
        AND (%(users)s::bigint[] IS NULL OR user_id = ANY(%(users)s))
    UNION ALL
    SELECT user_id, category_id, %(seed_score)s, seeded_at, 0
    FROM interactions_usercategoryinterest
    WHERE seeded_at IS NOT NULL
        AND (%(users)s::bigint[] IS NULL OR user_id = ANY(%(users)s))
),
dated AS (
    SELECT *, max(at) OVER (PARTITION BY user_id, category_id) AS newest FROM amounts
),
summed AS MATERIALIZED (
    SELECT user_id, category_id, newest AS scored_at,
        sum(interactions) AS interaction_count,
        sum(amount * power(2, greatest(
            -extract(epoch FROM newest - at)::float8 / %(half_life)s,
            -%(max_half_lives)s::float8))) AS score
    FROM dated
    GROUP BY user_id, category_id, newest
),
stored AS (
    INSERT INTO interactions_usercategoryinterest AS interest (user_id, category_id,
        score, interaction_count, scored_at, created_at, updated_at)
    SELECT user_id, category_id, score, interaction_count, scored_at, now(), now()
    FROM summed
    ON CONFLICT (user_id, category_id) DO UPDATE SET
        score = excluded.score, interaction_count = excluded.interaction_count,
        scored_at = excluded.scored_at, updated_at = now()
    WHERE (interest.score, interest.interaction_count, interest.scored_at)
        IS DISTINCT FROM
            (excluded.score, excluded.interaction_count, excluded.scored_at)
)
DELETE FROM interactions_usercategoryinterest AS interest
WHERE (%(users)s::bigint[] IS NULL OR user_id = ANY(%(users)s))
    AND NOT EXISTS (SELECT FROM summed s
        WHERE s.user_id = interest.user_id AND s.category_id = interest.category_id)
"""

TOUCHED = """
SELECT DISTINCT {wanted} FROM (
    SELECT user_id, video_id FROM interactions_engagement
    UNION SELECT user_id, video_id FROM interactions_watch
    UNION SELECT user_id, video_id FROM interactions_like
) AS pairs WHERE {given} = ANY(%s)
"""


@transaction.atomic
def delete(rows: QuerySet[Any]) -> None:
    """Delete watches (with their views) or likes, and recompute the aggregates."""
    lock_sums()
    people = list(User.objects.filter(pk__in=rows.values_list("user", flat=True)))
    rows.delete()
    rebuild(users=people)


@transaction.atomic
def rebuild(
    *, videos: Iterable[Video] | None = None, users: Iterable[User] | None = None
) -> None:
    """Recompute `Watch.counted`, `Engagement`, video counters and interests.

    Their sources are `Watch`, `Like`, `AnonymousView` and chosen categories. The
    current `VIEW_THRESHOLD` applies to old watches too. `videos` and `users` restrict
    the scope. New watches and likes wait until it ends, so call it first in a
    transaction.
    """
    lock_sums()
    video_keys = None if videos is None else [video.pk for video in videos]
    user_keys = None if users is None else [user.pk for user in users]
    scope: dict[str, Any] = {
        "videos": video_keys,
        "users": user_keys,
        **score_parameters(),
        "seed_score": SEED_SCORE,
        "half_life": settings.INTEREST_HALF_LIFE.total_seconds(),
        "max_half_lives": MAX_HALF_LIVES,
    }
    # Counters and interests sum over all pairs of every video and person in scope.
    sums = scope | {
        "videos": _keys_in_scope("video_id", video_keys, "user_id", user_keys),
        "users": _keys_in_scope("user_id", user_keys, "video_id", video_keys),
    }
    with connection.cursor() as cursor:
        for statement in (COUNT_WATCHES, f"{STORE_ENGAGEMENTS} SELECT"):
            cursor.execute(statement, scope)
        cursor.execute(COUNT_VIDEOS, sums)
        for statement in (DROP_SEEDS, STORE_SEEDS, STORE_INTERESTS):
            cursor.execute(statement, sums)


def _keys_in_scope(
    wanted: str, keys: list[int] | None, given: str, others: list[int] | None
) -> list[int] | None:
    """`keys`, or without them the keys that occur together with `others`."""
    if keys is not None or others is None:
        return keys
    with connection.cursor() as cursor:
        cursor.execute(TOUCHED.format(wanted=wanted, given=given), [others])
        return [key for (key,) in cursor.fetchall()]
