"""Likes, inspiration marks, ratings and dismissals."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from interactions.models import Inspire, Like, NotInterested, Rating
from interactions.services.engagement import (
    EngagementChange,
    lock_engagements,
    update_engagements,
)
from videos.models import Video


@transaction.atomic
def like(*, user: User, video: Video, at: datetime | None = None) -> None:
    before = lock_engagements(user=user, videos=[video.pk])
    _, created = Like.objects.get_or_create(
        user=user, video=video, defaults={"timestamp": at or timezone.now()}
    )
    if created:
        changes = {video.pk: EngagementChange(likes=1)}
        update_engagements(user=user, before=before, changes=changes)


@transaction.atomic
def unlike(*, user: User, video: Video) -> None:
    before = lock_engagements(user=user, videos=[video.pk])
    deleted, _ = Like.objects.filter(user=user, video=video).delete()
    if deleted:
        changes = {video.pk: EngagementChange(likes=-1)}
        update_engagements(user=user, before=before, changes=changes)


def inspire(*, user: User, video: Video, at: datetime | None = None) -> None:
    """Record that `video` inspired `user`; a repetition changes nothing."""
    Inspire.objects.get_or_create(
        user=user, video=video, defaults={"timestamp": at or timezone.now()}
    )


def undo_inspire(*, user: User, video: Video) -> None:
    Inspire.objects.filter(user=user, video=video).delete()


def rate(
    *, user: User, video: Video, percent: int, at: datetime | None = None
) -> Rating:
    """Set `user`'s rating of `video`, 1 to 100. Raises `ValueError`."""
    if not 1 <= percent <= 100:
        raise ValueError(f"a rating must be 1 to 100, not {percent}")
    rating, _ = Rating.objects.update_or_create(
        user=user,
        video=video,
        defaults={"percent": percent, "timestamp": at or timezone.now()},
    )
    return rating


def undo_rating(*, user: User, video: Video) -> None:
    Rating.objects.filter(user=user, video=video).delete()


def not_interested(*, user: User, video: Video) -> None:
    """Leave the video out of the user's feeds."""
    NotInterested.objects.get_or_create(user=user, video=video)


def undo_not_interested(*, user: User, video: Video) -> None:
    NotInterested.objects.filter(user=user, video=video).delete()
