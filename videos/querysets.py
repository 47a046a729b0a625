"""Which videos: the one place that says who may see what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from accounts.models import User

if TYPE_CHECKING:
    from videos.models import Video  # noqa: F401


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
