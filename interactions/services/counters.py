"""Counters of videos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

# Rows are locked in the order of their keys, so that two batches cannot deadlock.
ADD = """
WITH change AS (
    SELECT * FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::float8[])
        AS change (id, views, likes, engagement)
),
locked AS MATERIALIZED (
    SELECT id FROM videos_video WHERE id IN (SELECT id FROM change)
    ORDER BY id FOR NO KEY UPDATE
)
UPDATE videos_video AS video
SET views = video.views + change.views,
    likes = video.likes + change.likes,
    engagement = greatest(video.engagement + change.engagement, 0)
FROM change JOIN locked USING (id)
WHERE video.id = change.id
"""


@dataclass(frozen=True)
class Change:
    """What is added to the counters of a video."""

    views: int = 0
    likes: int = 0
    engagement: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.views or self.likes or self.engagement)


def add_to_counters(changes: Mapping[int, Change]) -> None:
    """Add to the counters of videos, by primary key."""
    rows = [(key, change) for key, change in changes.items() if change]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            ADD,
            [
                [key for key, _ in rows],
                [change.views for _, change in rows],
                [change.likes for _, change in rows],
                [change.engagement for _, change in rows],
            ],
        )
