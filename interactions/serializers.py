"""Events as clients send them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers

# A phone may have been offline for some days; its clock may be a little fast.
OLDEST = timedelta(days=7)
CLOCK_DRIFT = timedelta(minutes=5)


class EventSerializer(serializers.Serializer[Any]):
    """What every event has. A retry with the same `id` changes nothing."""

    id = serializers.UUIDField(help_text="Made by the client, once for each event.")
    type = serializers.ChoiceField(["watch", "impression", "click"])
    video_id = serializers.CharField(max_length=16)
    at = serializers.DateTimeField(
        help_text="When it happened; at most 7 days ago. A time ahead becomes now."
    )
    feed_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    feed_position = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=100_000
    )

    def validate_at(self, value: Any) -> Any:
        now = timezone.now()
        if value < now - OLDEST:
            raise serializers.ValidationError("This is more than 7 days ago.")
        if value > now + CLOCK_DRIFT:
            raise serializers.ValidationError("This is in the future.")
        return min(value, now)


class WatchSerializer(EventSerializer):
    """Progress of a viewing session; totals of the session, so the last one counts."""

    session_id = serializers.UUIDField(help_text="One for each viewing session.")
    fraction = serializers.FloatField(
        min_value=0, max_value=1, help_text="Part of the video that was played."
    )
    seconds = serializers.FloatField(min_value=0, max_value=1e6)
    position = serializers.FloatField(
        min_value=0, max_value=1e6, default=0.0, help_text="Where the player stands."
    )


class ShownSerializer(EventSerializer):
    """A video was shown in a feed (`impression`) or opened from it (`click`)."""

    feed_id = serializers.UUIDField()
    feed_position = serializers.IntegerField(min_value=0, max_value=100_000)
    source = serializers.CharField(  # type: ignore[assignment]  # DRF takes fields away
        max_length=40, allow_blank=True, default=""
    )


SERIALIZERS: dict[Any, type[EventSerializer]] = {
    "watch": WatchSerializer,
    "impression": ShownSerializer,
    "click": ShownSerializer,
}


class BatchSerializer(serializers.Serializer[Any]):
    """For the schema: each event is validated alone, by its type."""

    events = serializers.ListField(
        child=serializers.DictField(), allow_empty=False, max_length=200
    )


class ResultSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(["recorded", "duplicate", "rejected"])
    errors = serializers.DictField(  # type: ignore[assignment]  # as above
        required=False
    )


class BatchResultSerializer(serializers.Serializer[Any]):
    results = ResultSerializer(many=True)
