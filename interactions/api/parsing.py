"""Events of batches, validated.

Most events are as they should be. `msgspec` reads those in microseconds; what it does
not accept goes to the serializer, which knows more spellings and names the errors.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from interactions.api.serializers import SERIALIZERS, EventSerializer, in_time

Position = Annotated[int, Meta(ge=0, le=100_000)]
Seconds = Annotated[float, Meta(ge=0, le=1e6)]
VideoId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,16}\Z")]
Source = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_:.-]{0,40}\Z")]


class _Event(msgspec.Struct):
    id: UUID
    video_id: VideoId
    at: Annotated[datetime, Meta(tz=True)]


class _Watch(_Event, tag_field="type", tag="watch", kw_only=True):
    session_id: UUID
    fraction: Annotated[float, Meta(ge=0, le=1)]
    seconds: Seconds
    position: Seconds = 0.0
    feed_id: UUID | None = None
    feed_position: Position | None = None


class _Shown(_Event, kw_only=True):
    feed_id: UUID
    feed_position: Position
    source: Source = ""


class _Impression(_Shown, tag_field="type", tag="impression"):
    pass


class _Click(_Shown, tag_field="type", tag="click"):
    pass


def parse(sent: Any) -> dict[str, Any]:
    """A valid event. Raises the `ValidationError` of its serializer."""
    try:
        event = msgspec.convert(sent, _Watch | _Impression | _Click)
        values = msgspec.structs.asdict(event)
        return values | {"type": sent["type"], "at": in_time(event.at)}
    except ValueError:  # `msgspec.ValidationError` is one
        kind = sent.get("type") if isinstance(sent, dict) else None
        known = SERIALIZERS.get(kind) if isinstance(kind, str) else None
        values = (known or EventSerializer)().run_validation(sent)
        return dict(values)
