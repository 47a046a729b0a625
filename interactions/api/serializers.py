"""Serializers of events, comments, likes and history."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from accounts.api.serializers import PersonSerializer
from interactions.models import Comment
from rest.prose_serializer_field import ProseSerializerField
from rest.strict_types import StrictTypes
from videos.api.serializers import VideoSerializer

MAX_EVENTS = 200  # in a batch

# A phone may have been offline for days; its clock may be slightly fast.
OLDEST = timedelta(days=7)
CLOCK_DRIFT = timedelta(minutes=5)


def in_time(at: datetime) -> datetime:
    """`at`, or now if a fast clock gave it. Raises `ValueError`."""
    now = timezone.now()
    if at < now - OLDEST:
        raise ValueError("This is more than 7 days ago.")
    if at > now + CLOCK_DRIFT:
        raise ValueError("This is in the future.")
    return min(at, now)


class NumberField(serializers.FloatField):
    """A finite number: `float` accepts "nan" too, which passes every bound."""

    def to_internal_value(self, data: Any) -> float:
        try:
            number = super().to_internal_value(data)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.fail("invalid")
        return number


class EventSerializer(StrictTypes):
    """The fields of every event. A retry with the same `id` changes nothing."""

    id = serializers.UUIDField(help_text="Made by the client, once for each event.")
    type = serializers.ChoiceField(["watch", "impression", "click"])
    video_id = serializers.CharField(max_length=16)
    at = serializers.DateTimeField(
        help_text="When it happened; at most 7 days ago. A future time becomes now."
    )
    feed_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    feed_position = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=100_000
    )

    def validate_at(self, value: datetime) -> datetime:
        try:
            return in_time(value)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


class WatchSerializer(EventSerializer):
    """Progress of a viewing session, as totals of the session."""

    session_id = serializers.UUIDField(help_text="One for each viewing session.")
    fraction = NumberField(
        min_value=0, max_value=1, help_text="The fraction of the video that was played."
    )
    seconds = NumberField(min_value=0, max_value=1e6)
    position = NumberField(
        min_value=0,
        max_value=1e6,
        default=0.0,
        help_text="The position of the player, in seconds.",
    )


class ShownSerializer(EventSerializer):
    """A video was shown in a feed (`impression`) or opened from it (`click`)."""

    feed_id = serializers.UUIDField()
    feed_position = serializers.IntegerField(min_value=0, max_value=100_000)
    source = serializers.CharField(  # type: ignore[assignment]  # DRF removes fields from the class
        max_length=40, allow_blank=True, default=""
    )


SERIALIZERS: dict[Any, type[EventSerializer]] = {
    "watch": WatchSerializer,
    "impression": ShownSerializer,
    "click": ShownSerializer,
}


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="Event",
        serializers=[WatchSerializer, ShownSerializer],
        resource_type_field_name=None,
    )
)
class AnyEventField(serializers.JSONField):
    """Any JSON value: each event is validated separately, by its type."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return data


class CommentSerializer(serializers.ModelSerializer[Comment]):
    """A comment; `replies` are one level deep."""

    user = PersonSerializer(
        read_only=True,
        allow_null=True,
        help_text="Null if the comment was removed; it stays for its replies.",
    )
    removed = serializers.BooleanField(source="is_removed", read_only=True)
    may_delete = serializers.SerializerMethodField()

    class Meta:
        model = Comment
        fields = [
            *("id", "user", "text", "removed", "parent", "created_at", "may_delete"),
        ]
        read_only_fields = fields

    def get_may_delete(self, comment: Comment) -> bool:
        return comment.pk in self.context["deletable"]


class ThreadSerializer(CommentSerializer):
    replies = CommentSerializer(many=True, read_only=True)

    class Meta(CommentSerializer.Meta):
        fields = [*CommentSerializer.Meta.fields, "replies"]
        read_only_fields = fields


class NewCommentSerializer(StrictTypes):
    text = ProseSerializerField(max_length=2000)
    parent = serializers.IntegerField(  # type: ignore[assignment]  # as above
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=2**31 - 1,
        help_text="The comment to reply to.",
    )


class LikesSerializer(serializers.Serializer[Any]):
    liked = serializers.BooleanField()
    likes = serializers.IntegerField()


class WatchedSerializer(serializers.Serializer[Any]):
    """The last session of a video in the user's history."""

    video = VideoSerializer(read_only=True)
    watched_at = serializers.DateTimeField(source="timestamp")
    position = serializers.FloatField(
        help_text="The position at which it stopped, in seconds."
    )


class BatchSerializer(StrictTypes):
    events = serializers.ListField(
        child=AnyEventField(allow_null=True), min_length=1, max_length=MAX_EVENTS
    )


class ResultSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="The position in the batch, from 0.")
    id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(["recorded", "duplicate", "rejected"])
    errors = serializers.DictField(  # type: ignore[assignment]  # as above
        required=False
    )


class BatchResultSerializer(serializers.Serializer[Any]):
    results = ResultSerializer(many=True)
