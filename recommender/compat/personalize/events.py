"""PutEvents: new interactions, which the next recommendation takes into account."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone

from accounts.models import ServiceClient, User
from imports.personalize import WATCHED, Schema
from imports.records import Interaction
from interactions import services as interactions
from interactions.services import events as event_services
from recommender.compat.personalize import datasets
from recommender.compat.personalize.errors import InvalidInput
from videos.models import Video

SESSIONS = uuid.UUID("0c0e9a35-0f0b-5d43-9b1e-6a2f5a0a7c11")
RECOMMENDATION_ID = re.compile(r"RID-([0-9a-f]{32})")
IN_PROPERTIES: dict[str, Any] = {"itemId": str | int, "eventValue": str | int | float}
CLOCK_DRIFT = timedelta(minutes=5)

Members = dict[str, Any]
AnyUser = User | AnonymousUser


def put_events(client: ServiceClient, asked: Members) -> Members:
    """Record a batch, or nothing if one event is invalid.

    Watches of one `sessionId` are one viewing session, which only grows. A watch or a
    click without a value is a view without duration, until a watch of the same session
    has one. An event whose `eventId` was sent before changes nothing.
    """
    schema = Schema(
        source=client.source,
        event_value="percent" if settings.PERSONALIZE_PERCENT else "fraction",
        rating_scale=settings.PERSONALIZE_RATING_SCALE,
    )
    events = [
        _with_properties(event, f"eventList.{place}")
        for place, event in enumerate(asked["eventList"], 1)
    ]
    rows = [
        _interaction(schema, asked, event, f"eventList.{place}")
        for place, event in enumerate(events, 1)
    ]
    with transaction.atomic():
        user: AnyUser = AnonymousUser()
        if "userId" in asked:
            user = datasets.person(client, asked["userId"])
        named = [row.item for row in rows]
        named += [
            schema.bare_item(item_id)
            for event in events
            for item_id in event.get("impression", ())
        ]
        videos = datasets.videos(client, named)
        session = uuid.uuid5(SESSIONS, f"{client.source}\n{asked['sessionId']}")
        for event, row in zip(events, rows, strict=True):
            if _is_new(client, event, user):
                video = videos[row.item.external_id]
                feed_id = _feed_id(event)
                timed = "eventValue" in event or row.event == WATCHED
                _record(row, user, video, session, feed_id, timed=timed)
                _record_shown(event, row, user, videos, feed_id or session)
    return {}


def _with_properties(event: Members, path: str) -> Members:
    """The event with `itemId` and `eventValue` also where AWS's samples put them.

    A member of the event outweighs the property of its name.
    """
    properties = event.get("properties") or {}
    if not isinstance(properties, dict):
        raise InvalidInput(f"{path}.properties must be an object.")
    found = {}
    for name, types in IN_PROPERTIES.items():
        value = properties.get(name)
        if value is None or name in event:
            continue
        if not isinstance(value, types) or isinstance(value, bool):
            raise InvalidInput(f"{path}.properties.{name} is not text or a number.")
        found[name] = str(value)
    return event | found


def _interaction(
    schema: Schema, asked: Members, event: Members, path: str
) -> Interaction:
    cells = {
        "USER_ID": asked.get("userId", asked["sessionId"]),
        "ITEM_ID": event.get("itemId", ""),
        "TIMESTAMP": str(min(event["sentAt"], timezone.now()).timestamp()),
        "EVENT_TYPE": event["eventType"],
        "EVENT_VALUE": str(event.get("eventValue", "")),
    }
    if event["sentAt"] > timezone.now() + CLOCK_DRIFT:
        raise InvalidInput(f"{path}.sentAt is in the future.")
    try:
        return schema.interaction(cells)
    except ValueError as error:
        raise InvalidInput(f"{path}: {error}") from error


def _is_new(client: ServiceClient, event: Members, user: AnyUser) -> bool:
    if "eventId" not in event:
        return True
    identity = uuid.uuid5(SESSIONS, f"{client.client_id}\n{event['eventId']}")
    return bool(event_services.record_ids(user=user, kinds={identity: "personalize"}))


def _record(
    row: Interaction,
    user: AnyUser,
    video: Video,
    session: uuid.UUID,
    feed_id: uuid.UUID | None,
    *,
    timed: bool,
) -> None:
    if row.liked or row.dismissed or row.inspired or row.rating:
        if not user.is_authenticated:
            raise InvalidInput(f"An event of type {row.event} needs a userId.")
        if row.liked:
            interactions.like(user=user, video=video, at=row.at)
        elif row.inspired:
            interactions.inspire(user=user, video=video, at=row.at)
        elif row.rating:
            interactions.rate(user=user, video=video, percent=row.rating, at=row.at)
        else:
            interactions.not_interested(user=user, video=video)
        return
    fraction = row.fraction if timed else None
    interactions.record_watch(
        user=user,
        video=video,
        session_id=session,
        fraction=fraction,
        seconds=(fraction or 0.0) * video.duration,
        at=row.at,
        feed_id=feed_id,
    )


def _record_shown(
    event: Members,
    row: Interaction,
    user: AnyUser,
    videos: Mapping[str, Video],
    feed_id: uuid.UUID,
) -> None:
    """Record the impressions of the event: one for each item and feed."""
    shown = [
        (
            videos[item_id],
            {
                "type": "click" if item_id == row.item.external_id else "impression",
                "feed_id": feed_id,
                "feed_position": position,
                "source": "personalize",
                "at": row.at,
            },
        )
        for position, item_id in enumerate(event.get("impression", ()))
    ]
    event_services.record_impressions(user=user, events=shown)


def _feed_id(event: Members) -> uuid.UUID | None:
    """The feed of a `recommendationId`, None for ids of other systems."""
    match = RECOMMENDATION_ID.fullmatch(event.get("recommendationId", ""))
    return uuid.UUID(match[1]) if match else None
