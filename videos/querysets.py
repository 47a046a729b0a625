"""Which videos: the one place that says who may see what."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User

LENGTHS = {"short": (0, 240), "medium": (240, 1200), "long": (1200, 1e9)}  # seconds
AGES = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=31),
    "year": timedelta(days=366),
}

if TYPE_CHECKING:
    from videos.models import Category, ParentCategory, Video  # noqa: F401


class VideoQuerySet(models.QuerySet["Video"]):
    def listed(self) -> VideoQuerySet:
        """What feeds and search may show to anyone."""
        return self.filter(visibility="public", state="ready")

    def visible_to(self, user: User | AnonymousUser) -> VideoQuerySet:
        """What `user` may open with its address; creators and admins see all states."""
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

    def for_cards(self) -> VideoQuerySet:
        """With what a card shows, in a bounded number of queries."""
        return self.select_related("creator")

    def within(self, category: Category | ParentCategory) -> VideoQuerySet:
        """Those in one category of either level."""
        relation = (
            "parent_categories" if hasattr(category, "categories") else "categories"
        )
        return self.filter(**{relation: category})

    def lasting(self, length: str) -> VideoQuerySet:
        """Those of a length of `LENGTHS`; empty for any."""
        if not length:
            return self
        shortest, longest = LENGTHS[length]
        return self.filter(duration__gte=shortest, duration__lt=longest)

    def published_within(self, age: str) -> VideoQuerySet:
        """Those that are no older than an age of `AGES`; empty for any."""
        if not age:
            return self
        return self.filter(published_at__gte=timezone.now() - AGES[age])
