"""Viewing sessions, views and the watch history."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction

from accounts.models import User
from interactions.models import AnonymousView, Watch
from interactions.services import aggregates
from interactions.services.counters import Change, add_to_counters
from interactions.services.engagement import (
    EngagementChange,
    lock_engagements,
    update_engagements,
)
from interactions.services.locking import lock_person, lock_sums
from interactions.services.upserts import upsert
from videos.models import Video

# A client's total of seconds may exceed the duration by this factor.
DURATION_TOLERANCE = 1.1

SESSIONS = """
SELECT {columns} FROM interactions_watch
WHERE user_id = %s
    AND (video_id, session_id) IN (SELECT * FROM unnest(%s::bigint[], %s::uuid[]))
"""

# The times of sessions that count as views of their own.
VIEWS = """
SELECT video_id, timestamp FROM interactions_watch
WHERE user_id = %s AND video_id = ANY(%s) AND counted AND NOT repeated
"""

DELETE_ANONYMOUS = """
DELETE FROM interactions_anonymousview
WHERE (video_id, session_id) IN (SELECT * FROM unnest(%s::bigint[], %s::uuid[]))
RETURNING video_id
"""

# Keys are inserted in one order, so that two batches cannot deadlock.
INSERT_ANONYMOUS = """
INSERT INTO interactions_anonymousview (video_id, session_id, timestamp)
SELECT * FROM unnest(%s::bigint[], %s::uuid[], %s::timestamptz[])
    AS session (video, id, at)
ORDER BY video, id
ON CONFLICT DO NOTHING
RETURNING video_id
"""


class VideoKey(NamedTuple):
    """What the recording of a watch must know of a video."""

    pk: int
    creator_id: int
    duration: float


@dataclass(frozen=True, slots=True)
class Report:
    """The progress of a viewing session.

    `fraction` (0 to 1) and `seconds` are totals of the session and only grow;
    `position` is in seconds. A session without a fraction (None), as other systems
    report it, counts as a view.
    """

    video: Video | VideoKey
    session_id: UUID
    fraction: float | None
    seconds: float
    at: datetime
    position: float = 0.0
    feed_id: UUID | None = None

    @property
    def key(self) -> tuple[int, UUID]:
        return self.video.pk, self.session_id

    def counts_for(self, user: User | AnonymousUser) -> bool:
        """Whether the session is a view; a creator's own session never is."""
        viewed = self.fraction is None or self.fraction >= settings.VIEW_THRESHOLD
        return viewed and user.pk != self.video.creator_id


class Session(msgspec.Struct):
    """A row of `Watch`."""

    video_id: int
    session_id: UUID
    timestamp: datetime
    watch_time: float | None
    watched_duration: float = 0.0
    counted: bool = False
    repeated: bool = False
    position: float = 0.0
    feed_id: UUID | None = None

    @property
    def key(self) -> tuple[int, UUID]:
        return self.video_id, self.session_id

    def update(self, report: Report) -> None:
        longest = report.video.duration or settings.VIDEO_MAX_SECONDS
        longest *= DURATION_TOLERANCE
        if report.fraction is not None:
            self.watch_time = max(self.watch_time or 0.0, report.fraction)
        self.watched_duration = max(self.watched_duration, min(report.seconds, longest))
        self.feed_id = self.feed_id or report.feed_id
        if report.at >= self.timestamp:
            self.timestamp = report.at
            self.position = min(report.position, longest)


@transaction.atomic
def record_watch(
    *,
    user: User | AnonymousUser,
    video: Video,
    session_id: UUID,
    fraction: float | None,
    seconds: float,
    at: datetime,
    position: float = 0.0,
    feed_id: UUID | None = None,
) -> None:
    """As `record_watches`, for one report."""
    report = Report(video, session_id, fraction, seconds, at, position, feed_id)
    record_watches(user=user, reports=[report])


def record_watches(*, user: User | AnonymousUser, reports: Sequence[Report]) -> None:
    """Record reports of viewing sessions, which may repeat or arrive late.

    A session counts as a view once, from `VIEW_THRESHOLD`, and not if another one did
    within `VIEW_WINDOW`. For visitors, and for people who switched recording off, only
    views are counted, by session. The caller has begun a transaction.
    """
    if not reports:
        return
    if not user.is_authenticated or not user.record_history:
        counting = [report for report in reports if report.counts_for(user)]
        _count_anonymously(user=user, reports=counting)
        return
    videos = {report.video.pk for report in reports}
    before = lock_engagements(user=user, videos=videos)
    counted = _store_sessions(user, reports)
    views = Counter(row.video_id for row in counted if not row.repeated)
    adopted = _adopt([row.key for row in counted])
    changes = {
        video: EngagementChange(views[video], views[video] - adopted[video])
        for video in videos
    }
    update_engagements(user=user, before=before, changes=changes)


def _store_sessions(user: User, reports: Sequence[Report]) -> list[Session]:
    """Store what was reported; returns the sessions that count from now on."""
    sessions = _sessions(user, {report.key for report in reports})
    views = _times_of_views(user, {report.video.pk for report in reports})
    counted = []
    for report in reports:
        session = sessions.get(report.key)
        if session is None:
            session = Session(*report.key, report.at, report.fraction)
            sessions[report.key] = session
        if not session.counted and report.counts_for(user):
            session.counted = True
            session.repeated = any(
                abs(report.at - at) < settings.VIEW_WINDOW
                for at in views[report.video.pk]
            )
            counted.append(session)
            if not session.repeated:
                views[report.video.pk].append(report.at)
        session.update(report)
    rows = list(sessions.values())
    upsert(Watch, user_id=user.pk, rows=rows, key=("video_id", "session_id"))
    return counted


def _times_of_views(user: User, videos: Collection[int]) -> dict[int, list[datetime]]:
    times: dict[int, list[datetime]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(VIEWS, [user.pk, list(videos)])
        for video, at in cursor.fetchall():
            times[video].append(at)
    return times


def _sessions(
    user: User, keys: Collection[tuple[int, UUID]]
) -> dict[tuple[int, UUID], Session]:
    """The stored sessions with these keys."""
    columns = ", ".join(Session.__struct_fields__)
    with connection.cursor() as cursor:
        cursor.execute(SESSIONS.format(columns=columns), [user.pk, *_columns(keys)])
        rows = (Session(*row) for row in cursor.fetchall())
        return {row.key: row for row in rows}


def _adopt(sessions: list[tuple[int, UUID]]) -> Counter[int]:
    """Delete the anonymous views of `sessions`; return their numbers by video."""
    if not sessions:
        return Counter()
    with connection.cursor() as cursor:
        cursor.execute(DELETE_ANONYMOUS, _columns(sessions))
        return Counter(video for (video,) in cursor.fetchall())


def _count_anonymously(
    *, user: User | AnonymousUser, reports: Sequence[Report]
) -> None:
    times = {report.key: report.at for report in reversed(reports)}
    if user.is_authenticated:  # some counted before the user switched recording off
        for key in Watch.objects.filter(
            user=user, counted=True, session_id__in={key[1] for key in times}
        ).values_list("video_id", "session_id"):
            times.pop(key, None)
    if not times:
        return
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ANONYMOUS, [*_columns(list(times)), list(times.values())])
        views = Counter(video for (video,) in cursor.fetchall())
    add_to_counters({video: Change(views=number) for video, number in views.items()})


def _columns(sessions: Collection[tuple[int, UUID]]) -> list[list[Any]]:
    return [[video for video, _ in sessions], [str(key) for _, key in sessions]]


@transaction.atomic
def remove_from_history(*, user: User, video: Video) -> None:
    """Remove `video` from the history of `user`. Its views become anonymous."""
    before = lock_engagements(user=user, videos=[video.pk])
    watches = list(Watch.objects.filter(user=user, video=video))
    change = EngagementChange(counted=-_make_anonymous(watches))
    update_engagements(user=user, before=before, changes={video.pk: change})


@transaction.atomic
def clear_history(*, user: User) -> None:
    """Delete the history of `user`; likes, follows and comments stay."""
    lock_person(user)
    lock_sums()
    _make_anonymous(list(Watch.objects.filter(user=user)))
    aggregates.rebuild(users=[user])


def _make_anonymous(watches: list[Watch]) -> int:
    """Replace watches by anonymous views; return the number of views."""
    counted = [watch for watch in watches if watch.counted and not watch.repeated]
    AnonymousView.objects.bulk_create(
        [
            AnonymousView(
                video_id=watch.video_id,
                session_id=watch.session_id,
                timestamp=watch.timestamp,
            )
            for watch in counted
        ],
        ignore_conflicts=True,
    )
    Watch.objects.filter(pk__in=[watch.pk for watch in watches]).delete()
    return len(counted)
