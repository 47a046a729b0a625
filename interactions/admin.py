"""Administration of interactions; aggregates are read-only."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join

from interactions import services
from interactions.models import (
    Comment,
    Engagement,
    Event,
    Follow,
    ImportRun,
    Impression,
    Inspire,
    Like,
    NotInterested,
    Rating,
    UserCategoryInterest,
    Watch,
)
from interactions.services import aggregates


class InteractionAdmin(admin.ModelAdmin[Any]):
    """Rows about a person and a video."""

    list_per_page = 50
    raw_id_fields: ClassVar[tuple[str, ...]] = ("user", "video")
    list_select_related: ClassVar[tuple[str, ...]] = ("user", "video")
    search_fields: ClassVar[tuple[str, ...]] = ("user__username", "video__title")


class ReadOnlyAdmin(InteractionAdmin):
    """Rows that only services write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AggregatedAdmin(ReadOnlyAdmin):
    """Rows that aggregates count: a deletion updates the aggregates."""

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        aggregates.delete(type(obj)._default_manager.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        aggregates.delete(queryset)


class AggregateAdmin(ReadOnlyAdmin):
    """Aggregates of other rows."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Watch)
class WatchAdmin(AggregatedAdmin):
    list_display = (
        "user",
        "video",
        "watch_time",
        "watched_duration",
        "counted",
        "timestamp",
    )
    list_filter = ("counted", "timestamp")


@admin.register(Like)
class LikeAdmin(AggregatedAdmin):
    list_display = ("user", "video", "timestamp")


@admin.register(Inspire)
class InspireAdmin(InteractionAdmin):
    list_display = ("user", "video", "timestamp")


@admin.register(Rating)
class RatingAdmin(InteractionAdmin):
    list_display = ("user", "video", "percent", "timestamp")


@admin.register(Follow)
class FollowAdmin(InteractionAdmin):
    list_display = ("follower", "followee", "created_at")
    list_select_related = raw_id_fields = ("follower", "followee")
    search_fields = ("follower__username", "followee__username")


@admin.register(Comment)
class CommentAdmin(InteractionAdmin):
    list_display = ("user", "video", "excerpt", "parent", "created_at")
    list_select_related = ("user", "video", "parent__user", "parent__video")
    list_filter = ("created_at",)
    raw_id_fields = ("user", "video", "parent")
    search_fields = ("user__username", "video__title", "text")

    @admin.display(description="text")
    def excerpt(self, comment: Comment) -> str:
        return comment.text[:80]

    def delete_model(self, request: HttpRequest, comment: Comment) -> None:
        services.remove_comments(Comment.objects.filter(pk=comment.pk))

    def delete_queryset(
        self, request: HttpRequest, comments: QuerySet[Comment]
    ) -> None:
        services.remove_comments(comments)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The comments alone: replies stay."""
        shown = [str(comment) for comment in objs]
        return shown, {"comments": len(shown)}, set(), []


@admin.register(UserCategoryInterest)
class InterestAdmin(AggregateAdmin):
    list_display = ("user", "category", "score", "interaction_count", "updated_at")
    list_select_related = raw_id_fields = ("user", "category")
    list_filter = ("category__parent_category",)
    search_fields = ("user__username", "category__name")


@admin.register(Engagement)
class EngagementAdmin(AggregateAdmin):
    list_display = ("user", "video", "score", "fraction", "viewed", "liked", "last_at")
    list_filter = ("viewed", "liked")


@admin.register(NotInterested)
class NotInterestedAdmin(InteractionAdmin):
    list_display = ("user", "video", "created_at")


@admin.register(Impression)
class ImpressionAdmin(ReadOnlyAdmin):
    list_display = ("user", "video", "source", "position", "clicked_at", "created_at")


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    raw_id_fields = ("user",)
    list_display = ("event_id", "user", "kind", "received_at")
    list_select_related = raw_id_fields = ("user",)
    list_filter = ("received_at",)
    search_fields = ("user__username", "event_id")


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    raw_id_fields = list_select_related = search_fields = ()
    list_display = ("source", "stream", "page", "started_at", "finished_at")
    list_filter = ("source",)
    fields = (
        *("source", "address", "stream", "page", "page_size", "rows", "notes_read"),
        *("started_at", "updated_at", "finished_at"),
    )

    @admin.display(description="rows")
    def rows(self, run: ImportRun) -> str:
        """Of each stream on a line: what was read, added, changed and so on."""
        return format_html_join(
            "",
            "<div>{}: {}</div>",
            (
                (
                    stream,
                    ", ".join(f"{number} {name}" for name, number in counts.items()),
                )
                for stream, counts in run.counts.items()
            ),
        )

    @admin.display(description="notes")
    def notes_read(self, run: ImportRun) -> str:
        return format_html_join("", "<div>{}</div>", ((note,) for note in run.notes))
