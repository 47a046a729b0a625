"""Querysets of watches, likes, engagements, interests and comments."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import DurationField, ExpressionWrapper, F, FloatField, Q, Value
from django.db.models.functions import Cast, Extract, Greatest, Power

from accounts.models import User
from videos.models import Video

if TYPE_CHECKING:
    from interactions.models import (  # noqa: F401
        Comment,
        Engagement,
        Like,
        UserCategoryInterest,
        Watch,
    )

# Beyond this the score is 0, and PostgreSQL would report an underflow.
MAX_HALF_LIVES = 200.0


class WatchQuerySet(models.QuerySet["Watch"]):
    def history_of(self, user: User | AnonymousUser) -> WatchQuerySet:
        """The last session of each video that `user` watched and may still see."""
        if not user.is_authenticated:
            return self.none()
        visible = Video.objects.visible_to(user).values("pk")
        latest = (
            self.filter(user=user, video__in=visible)
            .order_by("video_id", "-timestamp", "-pk")
            .distinct("video_id")
        )
        return (
            self.filter(pk__in=latest.values("pk"))
            .select_related("video__creator")
            .order_by("-timestamp", "-pk")
        )


class LikeQuerySet(models.QuerySet["Like"]):
    def liked_by(self, user: User | AnonymousUser) -> LikeQuerySet:
        """Likes of `user`, newest first, of videos that they may still see."""
        if not user.is_authenticated:
            return self.none()
        return (
            self.filter(user=user, video__in=Video.objects.visible_to(user))
            .select_related("video__creator")
            .order_by("-timestamp", "-pk")
        )


class EngagementQuerySet(models.QuerySet["Engagement"]):
    def seen_by(self, user: User | AnonymousUser) -> EngagementQuerySet:
        """Engagements with the videos that `user` has viewed (from 30%).

        Home and Related leave these videos out.
        """
        if not user.is_authenticated:
            return self.none()
        return self.filter(user=user, viewed=True)


class InterestQuerySet(models.QuerySet["UserCategoryInterest"]):
    def with_current_score(self, at: datetime) -> InterestQuerySet:
        """With `current_score`: `score` decayed from `scored_at` to `at`."""
        age = ExpressionWrapper(
            Value(at) - F("scored_at"), output_field=DurationField()
        )
        half_lives = Cast(Extract(age, "epoch"), FloatField()) / Value(
            settings.INTEREST_HALF_LIFE.total_seconds()
        )
        factor = Power(
            Value(2.0),
            Greatest(-half_lives, Value(-MAX_HALF_LIVES)),
            output_field=FloatField(),
        )
        score = {"current_score": F("score") * factor}
        return self.annotate(**score)


class CommentQuerySet(models.QuerySet["Comment"]):
    def thread_of(self, video: Video) -> CommentQuerySet:
        """Top-level comments of `video`, newest first."""
        return (
            self.filter(video=video, parent=None)
            .select_related("user")
            .order_by("-created_at", "-pk")
        )

    def deletable_by(self, user: User | AnonymousUser) -> CommentQuerySet:
        """The user's own comments, those on their videos, and for admins all."""
        if not user.is_authenticated:
            return self.none()
        present = self.exclude(user=None)
        if user.is_superuser:
            return present
        return present.filter(Q(user=user) | Q(video__creator=user))
