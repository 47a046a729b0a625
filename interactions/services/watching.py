"""Viewing sessions, views and the watch history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction

from accounts.models import User
from interactions.models import AnonymousView, Watch
from interactions.services import aggregates
from interactions.services.counters import Change, add_to_counters
from interactions.services.engagement import (
    EngagementChange,
    lock_engagement,
    lock_engagements,
    update_engagement,
    update_engagements,
)
from interactions.services.locking import lock_person, lock_sums
from videos.models import Video

# A client's total of seconds may exceed the duration by this factor.
DURATION_TOLERANCE = 1.1

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


@dataclass(frozen=True)
class Report:
    """The progress of a viewing session.

    `fraction` (0 to 1) and `seconds` are totals of the session and only grow;
    `position` is in seconds. A session without a fraction (None), as other systems
    report it, counts as a view.
    """

    video: Video
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
) -> Watch | None:
    """As `record_watches`, for one report."""
    report = Report(video, session_id, fraction, seconds, at, position, feed_id)
    return record_watches(user=user, reports=[report]).get(report.key)


@transaction.atomic
def record_watches(
    *, user: User | AnonymousUser, reports: Sequence[Report]
) -> dict[tuple[int, UUID], Watch]:
    """Record reports of viewing sessions, which may repeat or arrive late.

    A session counts as a view once, from `VIEW_THRESHOLD`. Returns the watches by the
    keys of the reports. For visitors, and for people who switched recording off, only
    views are counted, and there are no watches.
    """
    if not reports:
        return {}
    if not user.is_authenticated or not user.record_history:
        counting = [report for report in reports if report.counts_for(user)]
        _count_anonymously(user=user, reports=counting)
        return {}

    videos = {report.video.pk: report.video for report in reports}
    engagements = lock_engagements(user=user, videos=videos.values())
    watches = {
        (watch.video_id, watch.session_id): watch
        for watch in Watch.objects.filter(
            user=user, video__in=videos, session_id__in={r.session_id for r in reports}
        )
    }
    reported: dict[tuple[int, UUID], Watch] = {}
    counted = []  # the keys of sessions that count from now on
    for report in reports:
        watch = watches.setdefault(report.key, _new_watch(user, report))
        if report.counts_for(user) and not watch.counted:
            watch.counted = True
            counted.append(report.key)
        _update(watch, report)
        reported[report.key] = watch
    Watch.objects.bulk_create(
        reported.values(),
        update_conflicts=True,
        unique_fields=["user", "video", "session_id"],
        update_fields=[
            *("watch_time", "watched_duration", "counted", "position", "feed_id"),
            *("timestamp", "updated_at"),
        ],
    )
    views = Counter(video for video, _ in counted)
    adopted = _adopt(counted)
    update_engagements(
        user=user,
        changes=[
            EngagementChange(
                engagement,
                counted=views[engagement.video_id],
                views=views[engagement.video_id] - adopted[engagement.video_id],
            )
            for engagement in engagements
        ],
    )
    return reported


def _new_watch(user: User, report: Report) -> Watch:
    return Watch(
        user=user,
        video=report.video,
        session_id=report.session_id,
        timestamp=report.at,
        watch_time=report.fraction,
    )


def _update(watch: Watch, report: Report) -> None:
    longest = (report.video.duration or settings.VIDEO_MAX_SECONDS) * DURATION_TOLERANCE
    if report.fraction is not None:
        watch.watch_time = max(watch.watch_time or 0.0, report.fraction)
    watch.watched_duration = max(watch.watched_duration, min(report.seconds, longest))
    watch.feed_id = watch.feed_id or report.feed_id
    if report.at >= watch.timestamp:
        watch.timestamp = report.at
        watch.position = min(report.position, longest)


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


def _columns(sessions: list[tuple[int, UUID]]) -> list[list[Any]]:
    return [[video for video, _ in sessions], [str(key) for _, key in sessions]]


@transaction.atomic
def remove_from_history(*, user: User, video: Video) -> None:
    """Remove `video` from the history of `user`. Its views become anonymous."""
    engagement = lock_engagement(user=user, video=video)
    watches = list(Watch.objects.filter(user=user, video=video))
    counted = _make_anonymous(watches)
    if watches:
        update_engagement(engagement, counted=-counted)


@transaction.atomic
def clear_history(*, user: User) -> None:
    """Delete the history of `user`; likes, follows and comments stay."""
    lock_person(user)
    lock_sums()
    _make_anonymous(list(Watch.objects.filter(user=user)))
    aggregates.rebuild(users=[user])


def _make_anonymous(watches: list[Watch]) -> int:
    """Replace watches by anonymous views; return the number of counted ones."""
    counted = [watch for watch in watches if watch.counted]
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
