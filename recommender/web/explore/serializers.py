"""People to follow and the taste map in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.models import User


class SuggestedPersonSerializer(serializers.ModelSerializer[User]):
    name = serializers.CharField(source="display_name", read_only=True)
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = User
        fields = ["username", "name", "verified", "profile_picture", "url"]


class SuggestionSerializer(serializers.Serializer[Any]):
    person = SuggestedPersonSerializer()
    reason = serializers.CharField(allow_blank=True)


class SubjectSerializer(serializers.Serializer[Any]):
    """What a map is drawn around: one of them, or neither for the user."""

    video = serializers.CharField(default="", allow_blank=True, max_length=16)
    person = serializers.CharField(default="", allow_blank=True, max_length=150)


class NodeSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    kind = serializers.ChoiceField(["video", "person", "category"])
    label = serializers.CharField(  # type: ignore[assignment]  # DRF takes fields away
    )
    note = serializers.CharField(allow_blank=True)
    ring = serializers.IntegerField(help_text="How far from the middle, 0 to 2.")
    url = serializers.CharField()
    image = serializers.CharField(allow_blank=True)


class LinkSerializer(serializers.Serializer[Any]):
    source = serializers.CharField(  # type: ignore[assignment]  # as above
        help_text="A node's key."
    )
    target = serializers.CharField(help_text="A node's key.")
    kind = serializers.ChoiceField(
        ["made", "about", "picked", "follows", "watched", "co_watched"]
    )
    strength = serializers.IntegerField(help_text="1 to 3.")


class TasteMapSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    notice = serializers.CharField(allow_blank=True, help_text="What is missing.")
    nodes = NodeSerializer(many=True, help_text="The one in the middle comes first.")
    links = LinkSerializer(many=True)
