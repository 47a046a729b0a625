"""Recording events of clients, each exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models.functions import Coalesce

from accounts.models import User
from interactions.models import Event, Impression
from interactions.services.watching import record_watch
from videos.models import Video


class UnknownVideo(Exception):
    """There is no such video, or the person may not see it."""


@transaction.atomic
def record_event(*, user: User | AnonymousUser, event: Mapping[str, Any]) -> bool:
    """Record a valid event; return False if it was recorded before.

    The event's id and its effect are written in one transaction. Raises `UnknownVideo`.
    """
    video = Video.objects.visible_to(user).filter(video_id=event["video_id"]).first()
    if video is None:
        raise UnknownVideo
    if not record_id(event_id=event["id"], user=user, kind=event["type"]):
        return False
    if event["type"] == "watch":
        record_watch(
            user=user,
            video=video,
            session_id=event["session_id"],
            fraction=event["fraction"],
            seconds=event["seconds"],
            position=event["position"],
            feed_id=event["feed_id"],
            at=event["at"],
        )
    else:
        record_impression(user=user, video=video, event=event)
    return True


def record_id(*, event_id: UUID, user: User | AnonymousUser, kind: str) -> bool:
    """Record the id of an event; return False if it was recorded before.

    The caller must record the effect in the same transaction.
    """
    owner = user if user.is_authenticated else None
    try:
        with transaction.atomic():
            Event.objects.create(event_id=event_id, user=owner, kind=kind)
    except IntegrityError:
        return False
    return True


def record_impression(
    *, user: User | AnonymousUser, video: Video, event: Mapping[str, Any]
) -> None:
    """Record one impression for each video and feed, and its first click.

    Nothing is recorded for a user who switched the history off.
    """
    if user.is_authenticated and not user.record_history:
        return
    owner = user if user.is_authenticated else None
    impression, _ = Impression.objects.get_or_create(
        feed_id=event["feed_id"],
        video=video,
        defaults={
            "user": owner,
            "position": event["feed_position"],
            "source": event["source"],
        },
    )
    if event["type"] == "click" and impression.user_id == user.pk:
        Impression.objects.filter(pk=impression.pk).update(
            clicked_at=Coalesce("clicked_at", event["at"])
        )
