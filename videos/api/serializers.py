"""Serializers of categories and videos."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.serializers import PersonSerializer
from accounts.images import FORMAT_NAMES
from rest.output import FastOutput
from rest.pagination import PageSerializer
from rest.prose_serializer_field import ProseSerializerField
from rest.strict_types import StrictTypes
from rest.texts import line
from videos.files import links
from videos.forms import AGES, DURATIONS
from videos.models import Category, ParentCategory, Video

SORTS = ("relevance", "newest", "views")


class CategorySerializer(serializers.ModelSerializer[Category]):
    class Meta:
        model = Category
        fields = ["slug", "name", "icon", "description"]
        read_only_fields = fields


class ParentCategorySerializer(serializers.ModelSerializer[ParentCategory]):
    categories = CategorySerializer(many=True, read_only=True)

    class Meta:
        model = ParentCategory
        fields = ["slug", "name", "icon", "description", "categories"]
        read_only_fields = fields


class ThumbnailWidthSerializer(serializers.Serializer[Any]):
    width = serializers.IntegerField(help_text="Pixels.")
    url = serializers.URLField(help_text="A WebP picture.")


class VideoSerializer(FastOutput, serializers.ModelSerializer[Video]):
    """A video in a list. `progress` maps keys to the fraction watched (context)."""

    creator = PersonSerializer(read_only=True)
    thumbnail_url = serializers.SerializerMethodField()
    thumbnails = serializers.SerializerMethodField(
        help_text="The thumbnail in other widths; empty until they are made."
    )
    progress = serializers.SerializerMethodField(
        help_text="The fraction that you have watched; null if you have not started."
    )

    class Meta:
        model = Video
        fields = [
            *("video_id", "title", "creator", "thumbnail_url", "duration", "views"),
            *("likes", "visibility", "state", "published_at", "created_at"),
            *("thumbnails", "progress"),
        ]
        read_only_fields = fields
        extra_kwargs = {
            "duration": {"help_text": "Seconds; 0 until it is known."},
            "created_at": {"help_text": "When it was uploaded."},
        }

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_thumbnail_url(self, video: Video) -> str | None:
        return links.thumbnail_url(self.context["request"], video)

    @extend_schema_field(ThumbnailWidthSerializer(many=True))
    def get_thumbnails(self, video: Video) -> list[dict[str, str | int]]:
        return links.thumbnails(self.context["request"], video)

    def get_progress(self, video: Video) -> float | None:
        progress: float | None = self.context.get("progress", {}).get(video.pk)
        return progress


class VideoDetailSerializer(VideoSerializer):
    """A video with all its fields."""

    categories: Any = serializers.SlugRelatedField(
        slug_field="slug", many=True, read_only=True
    )
    parent_categories: Any = serializers.SlugRelatedField(
        slug_field="slug", many=True, read_only=True
    )
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    liked = serializers.SerializerMethodField(help_text="Whether you like it.")
    may_edit = serializers.SerializerMethodField(help_text="Whether you may edit it.")

    class Meta(VideoSerializer.Meta):
        fields = [
            *VideoSerializer.Meta.fields,
            *("description", "summary", "tags", "categories", "parent_categories"),
            *("width", "height", "failure", "liked", "may_edit"),
        ]
        read_only_fields = fields
        extra_kwargs = VideoSerializer.Meta.extra_kwargs | {
            "failure": {"help_text": "Why it cannot be played; empty if it can."},
        }

    def get_liked(self, video: Video) -> bool:
        user = self.context["request"].user
        return user.is_authenticated and video.like_set.filter(user=user).exists()

    def get_may_edit(self, video: Video) -> bool:
        user = self.context["request"].user
        return Video.objects.editable_by(user).filter(pk=video.pk).exists()


class EditSerializer(StrictTypes, serializers.ModelSerializer[Video]):
    """The fields that a creator edits; categories by slug."""

    title = serializers.CharField(max_length=150)
    description = ProseSerializerField(
        max_length=5000, allow_blank=True, required=False
    )
    categories = serializers.SlugRelatedField(
        slug_field="slug", many=True, required=False, queryset=Category.objects.all()
    )
    parent_categories = serializers.SlugRelatedField(
        slug_field="slug",
        many=True,
        required=False,
        queryset=ParentCategory.objects.all(),
    )

    class Meta:
        model = Video
        fields = [
            *("title", "description", "visibility", "categories", "parent_categories")
        ]

    def validate_title(self, value: str) -> str:
        title = line(value)
        if not title:
            raise serializers.ValidationError("Give the video a title.")
        return title


class UploadSerializer(EditSerializer):
    """A video file with the fields that its creator edits."""

    file = serializers.FileField(help_text="MP4, WebM, MOV, MKV or AVI.")

    class Meta(EditSerializer.Meta):
        fields = ["file", *EditSerializer.Meta.fields]


class ThumbnailSerializer(serializers.Serializer[Any]):
    image = serializers.FileField(help_text=f"{FORMAT_NAMES}.")


class PlaybackSerializer(serializers.Serializer[Any]):
    """The URL to play a video from."""

    url = serializers.URLField(help_text="Supports HTTP ranges.")
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="When `url` expires; null if it does not."
    )
    content_type = serializers.CharField(allow_blank=True)
    duration = serializers.FloatField(help_text="Seconds.")
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    start_at = serializers.FloatField(
        help_text="The position to resume at, in seconds."
    )


class SearchSerializer(PageSerializer):
    """Filters of the list of videos; all of them apply."""

    q = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=200,
        help_text='Words, "phrases", or, -not; the last word may be a prefix.',
    )
    category = serializers.SlugField(
        required=False,
        max_length=80,
        help_text="Slug of a category or parent category.",
    )
    creator = serializers.RegexField(
        r"^[\w.@+-]+$", required=False, max_length=150, help_text="A username."
    )
    duration = serializers.ChoiceField(list(DURATIONS), required=False)
    age = serializers.ChoiceField(list(AGES), required=False)
    sort = serializers.ChoiceField(
        SORTS,
        required=False,
        help_text="Default: relevance with `q`, else newest.",
    )
