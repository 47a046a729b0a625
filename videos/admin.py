"""Administration of categories and videos."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts.images import PictureField
from videos import search, services
from videos.forms import THUMBNAIL_SIZE
from videos.models import Category, ParentCategory, Topic, Video
from videos.querysets import with_size
from videos.templatetags.video_format import duration

KEY = re.compile("[0-9]{1,18}")  # 64 bits


class CategoryInline(admin.TabularInline[Category, ParentCategory]):
    model = Category
    fields = ("name", "slug", "icon")
    prepopulated_fields = {"slug": ("name",)}
    extra = 0


class _Counted(admin.ModelAdmin[Any]):
    prepopulated_fields = {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_size(super().get_queryset(request))

    @admin.display(description="videos", ordering="size")
    def size(self, category: Any) -> int:
        return int(category.size)


@admin.register(ParentCategory)
class ParentCategoryAdmin(_Counted):
    list_display = ("icon", "name", "slug", "size")
    list_display_links = ("name",)
    search_fields = ("name",)
    inlines = (CategoryInline,)

    def save_related(
        self, request: HttpRequest, form: forms.BaseForm, formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        parent: ParentCategory = form.instance  # type: ignore[attr-defined]
        search.refresh(list(parent.videos.values_list("pk", flat=True)))


@admin.register(Category)
class CategoryAdmin(_Counted):
    list_display = ("icon", "name", "parent_category", "slug", "size")
    list_display_links = ("name",)
    list_filter = ("parent_category",)
    list_select_related = ("parent_category",)
    search_fields = ("name", "parent_category__name")

    def save_model(self, request: Any, obj: Category, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.update_videos_of_category(category=obj)


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin[Topic]):
    prepopulated_fields = {"slug": ("name",)}
    list_display = ("name", "project_code", "slug", "created_at")
    search_fields = ("name", "slug", "project_code")


class VideoAdminForm(forms.ModelForm[Video]):
    thumbnail = PictureField(max_size=THUMBNAIL_SIZE, required=False)

    def clean(self) -> dict[str, Any]:
        """A new video has a file or an external URL; the file cannot change later."""
        values = super().clean() or {}
        if not self.instance.pk:
            if bool(values.get("video_file")) == bool(values.get("external_url")):
                raise forms.ValidationError("Provide either a file or an external URL.")
        elif not self.instance.video_file and not values.get("external_url"):
            self.add_error("external_url", "A video without a file needs a URL.")
        return values


class KeyedChoices(AutocompleteSelectMultiple):
    """Leaves what is no key to the form, which refuses it; Django would look it up."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        keys = [key for key in value if KEY.fullmatch(str(key))]
        return super().optgroups(name, keys, attr)


@admin.register(Video)
class VideoAdmin(admin.ModelAdmin[Video]):
    form = VideoAdminForm
    list_display = (
        *("picture", "title", "creator", "state", "visibility", "length"),
        *("views", "likes", "published_at"),
    )
    list_display_links = ("picture", "title")
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    list_filter = (
        *("state", "visibility", "is_premium", "parent_categories", "is_demo"),
        "published_at",
    )
    list_select_related = ("creator",)
    list_per_page = 50
    search_fields = ("title", "video_id", "creator__username")
    autocomplete_fields = ("categories", "parent_categories")
    raw_id_fields = ("creator", "topic")
    readonly_fields = (
        *("video_id", "picture", "state", "failure", "duration", "width", "height"),
        *("views", "likes", "engagement", "mood_evidence"),
        *("created_at", "updated_at"),
    )
    actions = ("make_public", "make_private", "give_premium", "take_premium", "again")

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs["widget"] = KeyedChoices(db_field, self.admin_site)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description="")
    def picture(self, video: Video) -> str:
        if not video.thumbnail:
            return "-"
        return format_html(
            '<img src="{}" alt="" width="112" height="63" loading="lazy">',
            reverse("video_thumbnail_width", args=[video.video_id, 320]),
        )

    @admin.display(description="moods")
    def mood_evidence(self, video: Video) -> str:
        rows = video.moods.order_by("-strength", "mood")
        return ", ".join(
            f"{row.get_mood_display()} {row.strength:.2f} ({row.origin})"
            for row in rows
        )

    @admin.display(description="length", ordering="duration")
    def length(self, video: Video) -> str:
        return duration(video.duration)

    def save_related(
        self, request: HttpRequest, form: forms.BaseForm, formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        video: Video = form.instance  # type: ignore[attr-defined]
        services.set_categories(
            video=video,
            parent_categories=video.parent_categories.all(),
            categories=video.categories.all(),
        )

    def get_exclude(self, request: HttpRequest, obj: Video | None = None) -> list[str]:
        return ["video_file"] if obj else []

    def save_model(self, request: Any, obj: Video, form: Any, change: bool) -> None:
        if change:
            stored = {field.name for field in Video._meta.concrete_fields}
            services.save_video(
                video=obj, fields=[n for n in form.changed_data if n in stored]
            )
        else:
            services.add_video(video=obj)

    def delete_model(self, request: HttpRequest, obj: Video) -> None:
        services.delete_video(video=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> None:
        for video in queryset:
            services.delete_video(video=video)

    @admin.action(description="Make public")
    def make_public(self, request: HttpRequest, videos: QuerySet[Video]) -> None:
        services.set_visibility(videos=videos, visibility=Video.Visibility.PUBLIC)

    @admin.action(description="Make private")
    def make_private(self, request: HttpRequest, videos: QuerySet[Video]) -> None:
        services.set_visibility(videos=videos, visibility=Video.Visibility.PRIVATE)

    @admin.action(description="Add the premium badge")
    def give_premium(self, request: HttpRequest, videos: QuerySet[Video]) -> None:
        videos.update(is_premium=True)

    @admin.action(description="Remove the premium badge")
    def take_premium(self, request: HttpRequest, videos: QuerySet[Video]) -> None:
        videos.update(is_premium=False)

    @admin.action(description="Process the files again")
    def again(self, request: HttpRequest, videos: QuerySet[Video]) -> None:
        services.reprocess(videos=videos)
