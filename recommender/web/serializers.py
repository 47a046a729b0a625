"""Feeds and explanations in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.moods import Mood
from recommender.feeds.ordering import ORDERINGS
from rest.output import FastOutput
from rest.pagination import LimitSerializer
from videos.api.serializers import VideoSerializer


class FeedQuerySerializer(LimitSerializer):
    """What every feed takes."""

    strategy = serializers.ChoiceField(
        ORDERINGS,
        required=False,
        help_text="The order. `for_you` as the site ranks it, `newest`, `trending`, "
        "`following` (of those you follow alone), or a model by its name, where there "
        "is a run of it: see `feeds/`.",
    )
    cursor = serializers.CharField(
        required=False,
        max_length=400,
        help_text="`next_cursor` of the page before. An expired cursor starts a new "
        "list, and `restarted` is true.",
    )


class HomeQuerySerializer(FeedQuerySerializer):
    category = serializers.SlugField(
        required=False,
        max_length=80,
        help_text="Keep to this category or parent category.",
    )
    mood = serializers.ChoiceField(
        Mood.choices,
        required=False,
        help_text="Begin with videos of this mood; by default with those of your own. "
        "Only the strategy `for_you` follows moods.",
    )


class FeedItemSerializer(FastOutput):
    """A video in a feed, and why it stands there."""

    video = VideoSerializer(read_only=True)
    position = serializers.IntegerField(
        help_text="From 1; send it back as `feed_position` with events."
    )
    source = serializers.CharField(  # type: ignore[assignment]  # DRF takes the name
        help_text="The source that found it; send it back with impressions."
    )
    score = serializers.FloatField(help_text="Comparable within one feed.")
    reason = serializers.CharField(help_text="For people: why it is shown.")


class FeedSerializer(serializers.Serializer[Any]):
    """A page of a feed. No page repeats or skips an item."""

    feed_id = serializers.UUIDField(
        help_text="Send it back with events, so that what was shown and what came of "
        "it can be joined."
    )
    results = FeedItemSerializer(source="items", many=True)
    next_cursor = serializers.SerializerMethodField(
        help_text="`cursor` of the next page; null at the end."
    )
    notice = serializers.CharField(
        allow_blank=True, help_text="For people: what is special about the list."
    )
    restarted = serializers.BooleanField(
        help_text="Whether the cursor had expired, so that this is a new list."
    )

    def get_next_cursor(self, page: Any) -> str | None:
        return page.next_cursor or None


class StrategiesSerializer(serializers.Serializer[Any]):
    strategies = serializers.ListField(child=serializers.CharField())


class GroundSerializer(serializers.Serializer[Any]):
    relation = serializers.ChoiceField(["watched", "liked", "follows", "interested_in"])
    name = serializers.CharField(help_text="Of the video, person or subject.")
    share = serializers.FloatField(
        help_text="Its share of the score of the video, 0 to 1."
    )


class ExplanationSerializer(serializers.Serializer[Any]):
    """Why a video would be recommended to you."""

    reason = serializers.CharField()
    model = serializers.CharField(
        allow_blank=True, help_text="The model that serves; empty where none does."
    )
    grounds = GroundSerializer(many=True)
