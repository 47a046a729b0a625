"""Likes, and the wish not to be shown a video."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from interactions.models import Like, NotInterested
from interactions.services.engagement import lock_engagement, settle
from videos.models import Video


@transaction.atomic
def like(*, user: User, video: Video, at: datetime | None = None) -> None:
    engagement = lock_engagement(user=user, video=video)
    _, created = Like.objects.get_or_create(
        user=user, video=video, defaults={"timestamp": at or timezone.now()}
    )
    if created:
        settle(engagement, likes=1)


@transaction.atomic
def unlike(*, user: User, video: Video) -> None:
    engagement = lock_engagement(user=user, video=video)
    deleted, _ = Like.objects.filter(user=user, video=video).delete()
    if deleted:
        settle(engagement, likes=-1)


def not_interested(*, user: User, video: Video) -> None:
    """Feeds leave the video out from now on."""
    NotInterested.objects.get_or_create(user=user, video=video)


def undo_not_interested(*, user: User, video: Video) -> None:
    NotInterested.objects.filter(user=user, video=video).delete()
