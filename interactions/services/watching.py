"""Viewing sessions, views and the watch history."""

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
from interactions.services.engagement import lock_engagement, update_engagement
from interactions.services.locking import lock_person, lock_sums
from videos.models import Video

# A client's total of seconds may exceed the duration by this factor.
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
    """Record the progress of a viewing session. Reports may repeat or arrive late.

    A session counts as a view once, from `VIEW_THRESHOLD`; a creator's own session
    never does. `fraction` (0 to 1) and `seconds` are totals of the session and only
    grow; `position` is in seconds. A session without a fraction (None), as other
    systems report it, counts as a view.

    For visitors, and for people who switched recording off, only the view is counted;
    then the function returns None.
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
    update_engagement(
        engagement, counted=int(newly_counted), views=int(newly_counted) - adopted
    )
    return watch


def _count_anonymously(
    *, user: User | AnonymousUser, video: Video, session_id: UUID, at: datetime
) -> None:
    if user.is_authenticated and (
        Watch.objects.filter(
            user=user, video=video, session_id=session_id, counted=True
        ).exists()
    ):
        return  # counted before the user switched recording off
    _, created = AnonymousView.objects.get_or_create(
        video=video, session_id=session_id, defaults={"timestamp": at}
    )
    if created:
        Video.objects.filter(pk=video.pk).update(views=F("views") + 1)


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
