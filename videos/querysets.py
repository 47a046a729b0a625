"""Querysets of videos, with the rules of who may see which."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.models import User

LENGTHS = {"short": (0, 240), "medium": (240, 1200), "long": (1200, 1e9)}  # seconds
AGES = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=31),
    "year": timedelta(days=366),
}

CARD_FIELDS = (
    *("video_id", "title", "thumbnail", "thumbnail_widths", "duration"),
    *("views", "likes", "engagement", "published_at"),
    *("created_at", "visibility", "is_public", "is_premium", "state"),
    *("external_id", "external_url"),
    *("creator__username", "creator__first_name", "creator__last_name"),
    *("creator__profile_picture", "creator__verified"),
)

if TYPE_CHECKING:
    from videos.models import Category, ParentCategory, Video  # noqa: F401


# Counts no further: a subject may have any number of videos.
LARGE = 1000
SIZE = f"""(SELECT count(*) FROM (
    SELECT FROM %(links)s AS link WHERE link.%(column)s = %(table)s.id LIMIT {LARGE}
) AS counted)"""


def with_size(subjects: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Categories or parent categories with `size`: their videos, at most `LARGE`."""
    model = subjects.model
    relation = model._meta.get_field("videos").through._meta
    names = {
        "links": relation.db_table,
        "column": f"{model._meta.model_name}_id",
        "table": model._meta.db_table,
    }
    size = RawSQL(SIZE % names, (), output_field=models.IntegerField())
    sized: models.QuerySet[Any] = subjects.annotate(size=size)
    return sized


class VideoQuerySet(models.QuerySet["Video"]):
    def listed(self) -> VideoQuerySet:
        """Videos that feeds and search may show to everyone."""
        return self.filter(visibility="public", state="ready")

    def visible_to(self, user: User | AnonymousUser) -> VideoQuerySet:
        """Videos that `user` may open; creators and admins see all states."""
        if user.is_authenticated and user.is_superuser:
            return self.all()
        rule = Q(visibility__in=["public", "unlisted"], state="ready")
        if user.is_authenticated:
            rule |= Q(creator=user)
        return self.filter(rule)

    def editable_by(self, user: User | AnonymousUser) -> VideoQuerySet:
        if not user.is_authenticated:
            return self.none()
        return self.all() if user.is_superuser else self.filter(creator=user)

    def without_renditions(self) -> VideoQuerySet:
        """Videos whose thumbnail is stored in one width."""
        return self.filter(thumbnail_widths__isnull=True).exclude(thumbnail="")

    def for_cards(self, *others: str) -> VideoQuerySet:
        """With what a card or an item of the API shows and `others`, and without long
        texts. Reading another field of such a video costs a query.
        """
        return self.select_related("creator").only(*CARD_FIELDS, *others)

    def within(self, category: Category | ParentCategory | None) -> VideoQuerySet:
        """Videos of one category of either level; all videos for None."""
        if category is None:
            return self
        if hasattr(category, "categories"):
            return self.in_parent_categories([category.pk])
        return self.in_categories([category.pk])

    def in_categories(self, keys: Iterable[int]) -> VideoQuerySet:
        """Videos of any of these categories."""
        rows = self.model.categories.through.objects.filter(category__in=list(keys))
        return self.filter(pk__in=rows.values("video"))

    def in_parent_categories(self, keys: Iterable[int]) -> VideoQuerySet:
        """Videos of any of these parent categories."""
        through = self.model.parent_categories.through.objects
        rows = through.filter(parentcategory__in=list(keys))
        return self.filter(pk__in=rows.values("video"))

    def lasting(self, length: str) -> VideoQuerySet:
        """Videos with a length of `LENGTHS`; all if `length` is empty."""
        if not length:
            return self
        shortest, longest = LENGTHS[length]
        return self.filter(duration__gte=shortest, duration__lt=longest)

    def published_within(self, age: str) -> VideoQuerySet:
        """Videos no older than an age of `AGES`; all if `age` is empty."""
        if not age:
            return self
        return self.filter(published_at__gte=timezone.now() - AGES[age])
