"""Watching: sessions, views, and the history that people may take back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import F

from accounts.models import User
from interactions.models import AnonymousView, Watch
from interactions.services import aggregates
from interactions.services.engagement import lock_engagement, settle
from interactions.services.locking import lock_person, lock_sums
from videos.models import Video

# How far a client's count of the seconds may exceed the duration.
DURATION_TOLERANCE = 1.1


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
) -> Watch | None:
    """Take in how far a viewing session has come; reports may repeat and overtake.

    A session counts as a view once, from `VIEW_THRESHOLD`; a creator's own watching
    never does. `fraction` (0 to 1) and `seconds` are totals of the session and only
    grow; `position` is where the player stands, in seconds. Without a fraction (None),
    as other systems report it, the session is a view of which no more is known.

    Of visitors, and of people who switched recording off, the view is counted and
    nothing else kept: then the answer is None.
    """
    viewed = fraction is None or fraction >= settings.VIEW_THRESHOLD
    counts = viewed and user.pk != video.creator_id
    if not user.is_authenticated or not user.record_history:
        if counts:
            _count_anonymously(user=user, video=video, session_id=session_id, at=at)
        return None

    engagement = lock_engagement(user=user, video=video)
    watch = Watch.objects.filter(user=user, video=video, session_id=session_id).first()
    if watch is None:
        watch = Watch(user=user, video=video, session_id=session_id, timestamp=at)
        watch.watch_time = fraction
    longest = (video.duration or settings.VIDEO_MAX_SECONDS) * DURATION_TOLERANCE
    newly_counted = counts and not watch.counted
    watch.counted = watch.counted or counts
    if fraction is not None:
        watch.watch_time = max(watch.watch_time or 0.0, fraction)
    watch.watched_duration = max(watch.watched_duration, min(seconds, longest))
    watch.feed_id = watch.feed_id or feed_id
    if at >= watch.timestamp:
        watch.timestamp = at
        watch.position = min(position, longest)
    watch.save()

    adopted = 0
    if newly_counted:
        adopted, _ = AnonymousView.objects.filter(
            video=video, session_id=session_id
        ).delete()
    settle(engagement, counted=int(newly_counted), views=int(newly_counted) - adopted)
    return watch


def _count_anonymously(
    *, user: User | AnonymousUser, video: Video, session_id: UUID, at: datetime
) -> None:
    if user.is_authenticated and (
        Watch.objects.filter(
            user=user, video=video, session_id=session_id, counted=True
        ).exists()
    ):
        return  # counted before recording was switched off
    _, created = AnonymousView.objects.get_or_create(
        video=video, session_id=session_id, defaults={"timestamp": at}
    )
    if created:
        Video.objects.filter(pk=video.pk).update(views=F("views") + 1)


@transaction.atomic
def remove_from_history(*, user: User, video: Video) -> None:
    """Forget that `user` watched `video`. Its views stay counted, as nobody's."""
    engagement = lock_engagement(user=user, video=video)
    watches = list(Watch.objects.filter(user=user, video=video))
    counted = _give_up(watches)
    if watches:
        settle(engagement, counted=-counted)


@transaction.atomic
def clear_history(*, user: User) -> None:
    """Forget all that `user` watched; likes, follows and comments stay."""
    lock_person(user)
    lock_sums()
    _give_up(list(Watch.objects.filter(user=user)))
    aggregates.rebuild(users=[user])


def _give_up(watches: list[Watch]) -> int:
    """Delete watches, keep their views; gives the number of counted ones."""
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
