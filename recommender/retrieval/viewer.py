"""The person or visitor who requests a feed, what is known of them, and which videos
they may be shown.

Each property runs its query when it is first read, and once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from interactions.models import (
    Engagement,
    Follow,
    NotInterested,
    UserCategoryInterest,
)
from recommender.ml.data.history import Trail, UserHistory
from recommender.ml.data.snapshot import FloatArray
from recommender.ml.models.base import Model
from videos.models import ParentCategory, Video
from videos.querysets import VideoQuerySet

HISTORY_LENGTH = 50

Videos = VideoQuerySet


@dataclass(frozen=True)
class Interaction:
    """The part of an `Engagement` that feeds use."""

    video_id: int
    fraction: float
    score: float
    liked: bool
    at: datetime


class Viewer:
    """A user or an anonymous visitor. A visitor has no history and no interests."""

    def __init__(self, user: User | AnonymousUser, *, mood: str | None = None) -> None:
        """`mood` is the mood to show; None means the one that the user picked."""
        self.user = user
        self.pk: int | None = user.pk
        picked = user.mood if user.is_authenticated else ""
        self.mood: str = picked if mood is None else mood
        self._taste: tuple[Model, FloatArray | None] | None = None

    def listed_videos(self) -> Videos:
        """Public, ready videos that the viewer did not dismiss."""
        videos = Video.objects.listed()
        if self.pk is None:
            return videos
        dismissed = NotInterested.objects.filter(user=self.pk)
        return videos.exclude(pk__in=dismissed.values("video"))

    def unseen_videos(self) -> Videos:
        """Listed videos by others that the viewer has not seen.

        Home and Related show these.
        """
        videos = self.listed_videos()
        if self.pk is None:
            return videos
        seen = Engagement.objects.seen_by(self.user)
        return videos.exclude(creator=self.pk).exclude(pk__in=seen.values("video"))

    @property
    def interactions_since_mood(self) -> int:
        """How many of the newest interactions came after the mood was picked."""
        at = self.user.mood_at if self.user.is_authenticated else None
        return sum(at is None or row.at >= at for row in self.newest)

    @cached_property
    def newest(self) -> list[Interaction]:
        """The newest interactions, newest first."""
        rows = (
            Engagement.objects.filter(user=self.pk)
            .order_by("-last_at")
            .values_list("video_id", "fraction", "score", "liked", "last_at")[
                :HISTORY_LENGTH
            ]
        )
        return [Interaction(*row) for row in rows] if self.pk else []

    @cached_property
    def seen(self) -> list[int]:
        """Keys of the videos that the viewer has seen."""
        rows = Engagement.objects.seen_by(self.user)
        return list(rows.values_list("video_id", flat=True)) if self.pk else []

    @cached_property
    def dismissed(self) -> dict[int, datetime]:
        """Keys of the dismissed videos, and when each was dismissed."""
        rows = NotInterested.objects.filter(user=self.pk)
        return dict(rows.values_list("video_id", "created_at")) if self.pk else {}

    @cached_property
    def followed(self) -> dict[int, datetime]:
        """Keys of the followed creators, and since when each is followed."""
        rows = Follow.objects.filter(follower=self.pk)
        return dict(rows.values_list("followee_id", "created_at")) if self.pk else {}

    @cached_property
    def chosen(self) -> dict[int, ParentCategory]:
        """The parent categories chosen as interests, by key, in order of name."""
        rows = ParentCategory.objects.filter(interested_users=self.pk)
        return {parent.pk: parent for parent in rows} if self.pk else {}

    @cached_property
    def interests(self) -> dict[int, float]:
        """Category key -> interest, decayed until now.

        Holds categories that the viewer watched or liked, and those of the chosen
        parent categories.
        """
        if not self.pk:
            return {}
        rows = UserCategoryInterest.objects.filter(
            Q(interaction_count__gt=0)
            | Q(category__parent_category__in=list(self.chosen)),
            user=self.pk,
            score__gt=0,
        ).with_current_score(timezone.now())
        return {row.category_id: row.current_score for row in rows}

    @cached_property
    def history(self) -> UserHistory:
        """The newest interactions as arrays: the input of the models."""
        watched = [row for row in self.newest if row.score > 0]
        liked = [row for row in self.newest if row.liked]
        return UserHistory(
            watched=Trail.from_ids(
                [row.video_id for row in watched],
                [row.score for row in watched],
                [row.at.timestamp() for row in watched],
            ),
            liked=Trail.from_ids(
                [row.video_id for row in liked],
                time=[row.at.timestamp() for row in liked],
            ),
            not_interested=_trail(self.dismissed),
            follows=_trail(self.followed),
            interests=Trail.from_ids(list(self.chosen)),
            user_id=self.pk,
        )

    def taste(self, model: Model) -> FloatArray | None:
        """The viewer's unit vector in the space of `model`, None without one."""
        if self._taste is None or self._taste[0] is not model:
            self._taste = model, model.user_vector(self.history)
        return self._taste[1]


def _trail(since: dict[int, datetime]) -> Trail:
    newest = sorted(since.items(), key=lambda row: row[1])[-HISTORY_LENGTH:]
    return Trail.from_ids(
        [key for key, _ in newest], time=[at.timestamp() for _, at in newest]
    )
