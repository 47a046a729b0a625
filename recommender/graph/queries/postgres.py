"""Graph queries in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection

from recommender.graph.queries.interface import (
    CROWD,
    FINISHED,
    FOLLOWED,
    MAX_LIKERS,
    SAMPLE,
    Acquaintance,
    CoWatch,
    Paths,
)

# `viewed` excludes creators; the threshold may have changed since it was set.
WATCHED = "viewed AND fraction >= %(watched)s"

FINISHERS = f"""
SELECT user_id FROM interactions_engagement
WHERE video_id = anchor AND {WATCHED} AND fraction >= %(finished)s
    AND user_id IS DISTINCT FROM %(viewer)s
ORDER BY last_at DESC, user_id LIMIT %(sample)s
"""

CO_WATCHED = f"""
SELECT anchor, video_id, people
FROM unnest(%(anchors)s::bigint[]) AS anchor
CROSS JOIN LATERAL (
    SELECT video_id, count(*) AS people
    FROM ({FINISHERS}) AS finisher
    JOIN interactions_engagement USING (user_id)
    WHERE {WATCHED} AND video_id <> anchor
    GROUP BY video_id HAVING count(*) >= %(crowd)s
    ORDER BY people DESC, video_id LIMIT %(limit)s
) AS neighbour
ORDER BY anchor, people DESC, video_id
"""

PATHS = f"""
SELECT video_id, NULL AS anchor, 0 AS people,
    (array_agg(user_id ORDER BY user_id))[:%(max_likers)s] AS likers
FROM (
    SELECT followee_id FROM interactions_follow WHERE follower_id = %(viewer)s
    ORDER BY created_at DESC, followee_id LIMIT %(followed)s
) AS followed
JOIN interactions_like ON user_id = followee_id
WHERE video_id = ANY(%(videos)s)
GROUP BY video_id
UNION ALL
SELECT video_id, anchor, people, NULL
FROM unnest(%(anchors)s::bigint[]) AS anchor
CROSS JOIN LATERAL (
    SELECT video_id, count(*) AS people
    FROM ({FINISHERS}) AS finisher
    JOIN interactions_engagement USING (user_id)
    WHERE {WATCHED} AND video_id <> anchor AND video_id = ANY(%(videos)s)
    GROUP BY video_id HAVING count(*) >= %(crowd)s
) AS neighbour
ORDER BY video_id, people DESC, anchor
"""

PEOPLE_TO_FOLLOW = f"""
WITH followed AS (
    SELECT followee_id AS id FROM interactions_follow WHERE follower_id = %(viewer)s
),
evidence AS (
    SELECT followee_id AS id, 1 AS followed_by, 0 AS watched
    FROM interactions_follow JOIN followed ON followed.id = follower_id
    UNION ALL
    SELECT creator_id, 0, 1
    FROM interactions_engagement AS mine
    JOIN videos_video AS video ON video.id = mine.video_id
    WHERE user_id = %(viewer)s AND {WATCHED}
)
SELECT id, sum(followed_by), sum(watched) FROM evidence
WHERE id <> %(viewer)s AND NOT EXISTS (
    SELECT FROM followed WHERE followed.id = evidence.id)
GROUP BY id ORDER BY count(*) DESC, id LIMIT %(limit)s
"""


class PostgresGraph:
    """`Graph` over the tables of `interactions`: one statement for each method."""

    def co_watched(
        self, videos: Sequence[int], *, viewer: int | None, limit: int
    ) -> dict[int, list[CoWatch]]:
        by_anchor: dict[int, list[CoWatch]] = {video: [] for video in videos}
        for anchor, video, people in _ask(
            CO_WATCHED, anchors=list(by_anchor), viewer=viewer, limit=limit
        ):
            by_anchor[anchor].append(CoWatch(video, people))
        return by_anchor

    def paths(
        self, *, viewer: int | None, anchors: Sequence[int], videos: Sequence[int]
    ) -> dict[int, Paths]:
        likers: dict[int, tuple[int, ...]] = {}
        finished: dict[int, list[CoWatch]] = {}
        for video, anchor, people, keys in _ask(
            PATHS, anchors=list(anchors), videos=list(videos), viewer=viewer
        ):
            if anchor is None:
                likers[video] = tuple(keys)
            else:
                finished.setdefault(video, []).append(CoWatch(anchor, people))
        return {
            video: Paths(likers.get(video, ()), tuple(finished.get(video, ())))
            for video in likers.keys() | finished.keys()
        }

    def people_to_follow(self, viewer: int, *, limit: int) -> list[Acquaintance]:
        rows = _ask(PEOPLE_TO_FOLLOW, viewer=viewer, limit=limit)
        return [Acquaintance(*row) for row in rows]


def _ask(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    constants = {
        "crowd": CROWD,
        "finished": FINISHED,
        "followed": FOLLOWED,
        "max_likers": MAX_LIKERS,
        "sample": SAMPLE,
        "watched": settings.VIEW_THRESHOLD,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, constants | values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
