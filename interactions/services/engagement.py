"""The `Engagement` of a person with a video, and the aggregates that use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Q, Sum

from accounts.models import User
from interactions.models import Engagement, Like, Watch
from interactions.services.counters import Change, add_to_counters
from interactions.services.interests import Addition, add_engagements
from interactions.services.locking import lock_person
from videos.models import Video

WATCH_WEIGHT = 0.6
LIKE_WEIGHT = 0.4
NO_SESSIONS = {
    "number": 0,
    "views": 0,
    "seconds": 0.0,
    "best": 0.0,
    "counted_fraction": None,
    "newest": None,
}

# The same in SQL, with `fraction` and `liked` as columns.
ENGAGEMENT_SCORE_SQL = (
    "CASE WHEN fraction >= %(view_threshold)s"
    f" THEN {WATCH_WEIGHT} * fraction + {LIKE_WEIGHT} * liked::int ELSE 0 END"
)
UNTIMED_SCORE_SQL = f"least(%(untimed_weight)s + {LIKE_WEIGHT} * liked::int, 1)"


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


def lock_engagement(*, user: User, video: Video) -> Engagement:
    """The engagement of `user` with `video`, or an unsaved one.

    Locks the row and the person until the transaction ends.
    """
    (engagement,) = lock_engagements(user=user, videos=[video])
    return engagement


def lock_engagements(*, user: User, videos: Iterable[Video]) -> list[Engagement]:
    """As `lock_engagement`, for several videos."""
    lock_person(user)
    by_key = {video.pk: video for video in videos}
    rows = Engagement.objects.select_for_update().filter(user=user, video__in=by_key)
    known = {row.video_id: row for row in rows}
    engagements = []
    for key, video in by_key.items():
        row = known.get(key) or Engagement(user=user, video=video)
        row.user, row.video = user, video
        engagements.append(row)
    return engagements


@dataclass(frozen=True)
class EngagementChange:
    """What changed in a locked engagement.

    `counted` is the change in the number of counted sessions; `views` and `likes` are
    added to the counters of the video.
    """

    engagement: Engagement
    counted: int = 0
    views: int = 0
    likes: int = 0


def update_engagement(
    engagement: Engagement, *, counted: int = 0, views: int = 0, likes: int = 0
) -> None:
    """As `update_engagements`, for one."""
    change = EngagementChange(engagement, counted, views, likes)
    update_engagements(user=engagement.user, changes=[change])


def update_engagements(*, user: User, changes: Sequence[EngagementChange]) -> None:
    """Recompute the engagements, and update interests and video counters."""
    engagements = [change.engagement for change in changes]
    keys = [engagement.video_id for engagement in engagements]
    sessions = _sums_of_sessions(user, keys)
    likes = dict(
        Like.objects.filter(user=user, video__in=keys).values_list(
            "video_id", "timestamp"
        )
    )
    additions, counters, kept, obsolete = [], {}, [], []
    for change in changes:
        engagement = change.engagement
        key = engagement.video_id
        old = (engagement.score, engagement.last_at)
        if _recompute(engagement, sessions.get(key, NO_SESSIONS), likes.get(key)):
            kept.append(engagement)
        elif engagement.pk:
            obsolete.append(engagement.pk)
        additions.append(
            Addition(
                video=key,
                amounts=((-old[0], old[1]), (engagement.score, engagement.last_at)),
                interactions=change.counted + change.likes,
            )
        )
        gain = engagement.score - old[0]
        counters[key] = Change(change.views, change.likes, gain)
    Engagement.objects.bulk_create(
        kept,
        update_conflicts=True,
        unique_fields=["user", "video"],
        update_fields=[
            *("fraction", "seconds", "sessions", "viewed", "liked", "score"),
            *("last_at", "updated_at"),
        ],
    )
    if obsolete:
        Engagement.objects.filter(pk__in=obsolete).delete()
    add_engagements(user=user, additions=additions)
    add_to_counters(counters)


def _sums_of_sessions(user: User, videos: Sequence[int]) -> dict[int, dict[str, Any]]:
    rows = (
        Watch.objects.filter(user=user, video__in=videos)
        .order_by()
        .values("video_id")
        .annotate(
            number=Count("pk"),
            views=Count("pk", filter=Q(counted=True)),
            seconds=Sum("watched_duration", default=0.0),
            best=Max("watch_time", default=0.0),
            counted_fraction=Max("watch_time", filter=Q(counted=True)),
            newest=Max("timestamp"),
        )
    )
    return {row["video_id"]: dict(row) for row in rows}


def _recompute(
    engagement: Engagement, sessions: Mapping[str, Any], liked_at: datetime | None
) -> bool:
    """Set the fields; return whether there is a session or a like."""
    times = [time for time in (sessions["newest"], liked_at) if time]
    engagement.fraction = sessions["best"]
    engagement.seconds = sessions["seconds"]
    engagement.sessions = sessions["number"]
    engagement.viewed = sessions["views"] > 0
    engagement.liked = liked_at is not None
    engagement.score = engagement_score(
        fraction=sessions["counted_fraction"] if engagement.viewed else 0.0,
        liked=engagement.liked,
    )
    engagement.last_at = max(times, default=engagement.last_at)
    return bool(times)
