"""Recording events of clients, each exactly once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from interactions.services.watching import Report, VideoKey, record_watches
from videos.models import Video

# Keys are inserted in one order, so that two batches cannot deadlock.
INSERT_IDS = """
INSERT INTO interactions_event (event_id, user_id, kind, received_at)
SELECT id, %s, kind, %s FROM unnest(%s::uuid[], %s::text[]) AS event (id, kind)
ORDER BY id
ON CONFLICT DO NOTHING
RETURNING event_id
"""

INSERT_IMPRESSIONS = """
INSERT INTO interactions_impression (user_id, created_at, feed_id, video_id, position,
    source)
SELECT %s, %s, shown.*
FROM unnest(%s::uuid[], %s::bigint[], %s::int[], %s::text[])
    AS shown (feed_id, video_id, position, source)
ORDER BY feed_id, video_id
ON CONFLICT DO NOTHING
"""

MARK_CLICKS = """
UPDATE interactions_impression AS impression
SET clicked_at = coalesce(clicked_at, click.at)
FROM unnest(%s::uuid[], %s::bigint[], %s::timestamptz[])
    AS click (feed_id, video_id, at)
WHERE (impression.feed_id, impression.video_id) = (click.feed_id, click.video_id)
    AND impression.user_id IS NOT DISTINCT FROM %s
"""


class Outcome(StrEnum):
    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    UNKNOWN_VIDEO = "unknown video"  # or the person may not see it


@transaction.atomic
def record_events(
    *, user: User | AnonymousUser, events: Sequence[Mapping[str, Any]]
) -> list[Outcome]:
    """Record valid events, and return what became of each.

    Their ids and effects are written in one transaction.
    """
    videos = _visible_videos(user, {event["video_id"] for event in events})
    known = {
        event["id"]: event for event in reversed(events) if event["video_id"] in videos
    }
    new = record_ids(
        user=user, kinds={key: event["type"] for key, event in known.items()}
    )
    outcomes, recorded = [], []
    for event in events:
        if event["video_id"] not in videos:
            outcomes.append(Outcome.UNKNOWN_VIDEO)
        elif event["id"] in new:
            new.remove(event["id"])
            recorded.append(event)
            outcomes.append(Outcome.RECORDED)
        else:
            outcomes.append(Outcome.DUPLICATE)
    record_watches(
        user=user,
        reports=[
            Report(
                video=videos[event["video_id"]],
                session_id=event["session_id"],
                fraction=event["fraction"],
                seconds=event["seconds"],
                position=event["position"],
                feed_id=event["feed_id"],
                at=event["at"],
            )
            for event in recorded
            if event["type"] == "watch"
        ],
    )
    record_impressions(
        user=user,
        events=[
            (videos[event["video_id"]], event)
            for event in recorded
            if event["type"] != "watch"
        ],
    )
    return outcomes


def _visible_videos(user: User | AnonymousUser, names: set[str]) -> dict[str, VideoKey]:
    """Those that `user` may see, by `video_id`."""
    rows = Video.objects.visible_to(user).filter(video_id__in=names).order_by()
    values = rows.values_list("video_id", "pk", "creator_id", "duration")
    return {
        name: VideoKey(pk, creator, duration) for name, pk, creator, duration in values
    }


def record_ids(*, user: User | AnonymousUser, kinds: Mapping[UUID, str]) -> set[UUID]:
    """Record the ids of events, with their kinds; return those that are new.

    The caller must record the effects in the same transaction.
    """
    if not kinds:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_IDS,
            [
                user.pk,
                timezone.now(),
                [str(key) for key in kinds],
                list(kinds.values()),
            ],
        )
        return {key for (key,) in cursor.fetchall()}


def record_impressions(
    *,
    user: User | AnonymousUser,
    events: Sequence[tuple[Video | VideoKey, Mapping[str, Any]]],
) -> None:
    """Record one impression for each video and feed, and its first click.

    Nothing is recorded for a user who switched the history off.
    """
    if not events or (user.is_authenticated and not user.record_history):
        return
    shown: dict[tuple[str, int], Mapping[str, Any]] = {}
    clicks: dict[tuple[str, int], Mapping[str, Any]] = {}
    for video, event in events:
        key = str(event["feed_id"]), video.pk
        shown.setdefault(key, event)
        if event["type"] == "click":
            clicks.setdefault(key, event)
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_IMPRESSIONS,
            [
                user.pk,
                timezone.now(),
                *_columns(shown),
                [event["feed_position"] for event in shown.values()],
                [event["source"] for event in shown.values()],
            ],
        )
        if clicks:
            times = [event["at"] for event in clicks.values()]
            cursor.execute(MARK_CLICKS, [*_columns(clicks), times, user.pk])


def _columns(keys: Mapping[tuple[str, int], Any]) -> list[list[Any]]:
    return [[feed for feed, _ in keys], [video for _, video in keys]]
