"""Who asks for a feed, and all that a feed needs to know of them.

Everything is read when first needed and once: a feed pays for what it uses.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Self

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
from recommender.registry import serving
from videos.models import ParentCategory

HISTORY_LENGTH = 50


@dataclass(frozen=True)
class Interaction:
    """One row of `Engagement`, as far as feeds care."""

    video_id: int
    fraction: float
    score: float
    liked: bool
    at: datetime


class Viewer:
    """A user or an anonymous visitor; the latter has watched and chosen nothing."""

    def __init__(self, user: User | AnonymousUser, *, mood: str | None = None) -> None:
        """`mood` is what to show; None for the one that the user picked, if any."""
        self.user = user
        self.pk: int | None = user.pk
        picked = user.mood if user.is_authenticated else ""
        self.mood: str = picked if mood is None else mood
        self._taste: tuple[Model, FloatArray | None] | None = None

    def by(self, model: Model) -> Self:
        """The same viewer, whose feeds `model` ranks: one arm of an experiment."""
        other = copy(self)
        other.model = model
        return other

    @cached_property
    def model(self) -> Model | None:
        """What ranks their feeds: the active run's model, None where there is none."""
        return serving.active_model()

    @property
    def since_mood(self) -> int:
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
        """Keys of the videos viewed (from 30%)."""
        rows = Engagement.objects.filter(user=self.pk, viewed=True)
        return list(rows.values_list("video_id", flat=True)) if self.pk else []

    @cached_property
    def dismissed(self) -> dict[int, datetime]:
        """Keys of the videos not wanted, and since when."""
        rows = NotInterested.objects.filter(user=self.pk)
        return dict(rows.values_list("video_id", "created_at")) if self.pk else {}

    @cached_property
    def followed(self) -> dict[int, datetime]:
        """Keys of the creators followed, and since when."""
        rows = Follow.objects.filter(follower=self.pk)
        return dict(rows.values_list("followee_id", "created_at")) if self.pk else {}

    @cached_property
    def chosen(self) -> dict[int, ParentCategory]:
        """The parent categories chosen as interests, by key, in order of name."""
        rows = ParentCategory.objects.filter(interested_users=self.pk)
        return {parent.pk: parent for parent in rows} if self.pk else {}

    @cached_property
    def interests(self) -> dict[int, float]:
        """Category key -> interest, decayed to this moment.

        Only what the viewer watched or liked, or chose with its parent and keeps.
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
        """What the models are asked with: the newest interactions, as arrays."""
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
        """Their unit vector in the space of `model`, None where it has none."""
        if self._taste is None or self._taste[0] is not model:
            self._taste = model, model.user_vector(self.history)
        return self._taste[1]


def _trail(since: dict[int, datetime]) -> Trail:
    newest = sorted(since.items(), key=lambda row: row[1])[-HISTORY_LENGTH:]
    return Trail.from_ids(
        [key for key, _ in newest], time=[at.timestamp() for _, at in newest]
    )
