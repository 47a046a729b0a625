"""The person or visitor who requests a feed, what is known of them, and which videos
they may be shown.

All that PostgreSQL knows of them is read by one statement, when it is first needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone

from accounts.models import User
from interactions.models import NotInterested
from interactions.querysets import MAX_HALF_LIVES
from recommender.ml.data.catalogue import Catalogue
from recommender.ml.data.history import Trail, UserHistory
from recommender.ml.data.selection import Selection
from recommender.ml.data.snapshot import FloatArray, IntArray
from recommender.ml.models.base import Model
from recommender.registry.catalogue import catalogue
from videos.models import Video
from videos.querysets import VideoQuerySet

HISTORY_LENGTH = 50

Videos = VideoQuerySet

# Lists of one statement have the same order where they share a subquery.
PERSON = """
SELECT
    newest.videos, newest.fractions, newest.scores, newest.liked, newest.times,
    ARRAY(SELECT video_id FROM interactions_engagement
          WHERE user_id = %(user)s AND viewed),
    ARRAY(SELECT video_id FROM interactions_engagement
          WHERE user_id = %(user)s AND NOT viewed AND fraction > 0),
    dismissed.videos, dismissed.times,
    followed.people, followed.times,
    chosen.parents, chosen.names,
    interests.categories, interests.scores, interests.times
FROM (
    SELECT array_agg(video_id) AS videos, array_agg(fraction) AS fractions,
        array_agg(score) AS scores, array_agg(liked) AS liked,
        array_agg(last_at) AS times
    FROM (
        SELECT video_id, fraction, score, liked, last_at FROM interactions_engagement
        WHERE user_id = %(user)s ORDER BY last_at DESC LIMIT %(length)s
    ) AS engagement
) AS newest, (
    SELECT array_agg(video_id) AS videos, array_agg(created_at) AS times
    FROM interactions_notinterested WHERE user_id = %(user)s
) AS dismissed, (
    SELECT array_agg(followee_id) AS people, array_agg(created_at) AS times
    FROM interactions_follow WHERE follower_id = %(user)s
) AS followed, (
    SELECT array_agg(id ORDER BY name) AS parents,
        array_agg(name ORDER BY name) AS names
    FROM videos_parentcategory
    WHERE id IN (
        SELECT parentcategory_id FROM accounts_user_parent_category_interests
        WHERE user_id = %(user)s)
) AS chosen, (
    SELECT array_agg(category_id) AS categories, array_agg(score) AS scores,
        array_agg(scored_at) AS times
    FROM interactions_usercategoryinterest AS interest
    JOIN videos_category AS category ON category.id = category_id
    WHERE user_id = %(user)s AND score > 0 AND (
        interaction_count > 0 OR parent_category_id IN (
            SELECT parentcategory_id FROM accounts_user_parent_category_interests
            WHERE user_id = %(user)s))
) AS interests
"""


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

    @cached_property
    def catalogue(self) -> Catalogue:
        """The catalogue that this request reads."""
        return catalogue()

    def listed(self) -> Selection:
        """Public, ready videos that the viewer did not dismiss."""
        return Selection.of(self.catalogue).without(list(self.dismissed))

    def unseen(self) -> Selection:
        """Listed videos by others that the viewer has not seen.

        Home and Related show these.
        """
        if self.pk is None:
            return self.listed()
        return self.listed().not_of_creators([self.pk]).without(self.seen)

    def listed_videos(self) -> Videos:
        """As `listed`, by what PostgreSQL knows at this moment."""
        videos = Video.objects.listed()
        if self.pk is None:
            return videos
        dismissed = NotInterested.objects.filter(user=self.pk)
        return videos.exclude(pk__in=dismissed.values("video"))

    def may_be_shown(self, video: Video, *, unseen: bool) -> bool:
        """Whether a listed video was not dismissed, and where it must be `unseen`, is
        by others and was not seen."""
        if video.pk in self.dismissed:
            return False
        hidden = video.creator_id == self.pk or video.pk in self._seen
        return not (unseen and hidden)

    @property
    def interactions_since_mood(self) -> int:
        """How many of the newest interactions came after the mood was picked."""
        at = self.user.mood_at if self.user.is_authenticated else None
        return sum(at is None or row.at >= at for row in self.newest)

    @cached_property
    def newest(self) -> list[Interaction]:
        """The newest interactions, newest first."""
        columns = (self._known[place] or () for place in range(5))
        return [Interaction(*row) for row in zip(*columns, strict=True)]

    @cached_property
    def seen(self) -> IntArray:
        """Keys of the videos that the viewer has seen."""
        return np.array(self._known[5] or (), np.int64)

    @cached_property
    def _seen(self) -> frozenset[int]:
        return frozenset(self._known[5] or ())

    @cached_property
    def begun(self) -> frozenset[int]:
        """Keys of the videos of which the viewer has watched a part, and of those that
        they have seen."""
        return self._seen.union(self._known[6] or ())

    @cached_property
    def dismissed(self) -> dict[int, datetime]:
        """Keys of the dismissed videos, and when each was dismissed."""
        return dict(zip(self._known[7] or (), self._known[8] or (), strict=True))

    @cached_property
    def followed(self) -> dict[int, datetime]:
        """Keys of the followed creators, and since when each is followed."""
        return dict(zip(self._known[9] or (), self._known[10] or (), strict=True))

    @cached_property
    def chosen(self) -> dict[int, str]:
        """The names of the parent categories chosen as interests, by key, in order."""
        return dict(zip(self._known[11] or (), self._known[12] or (), strict=True))

    @cached_property
    def interests(self) -> dict[int, float]:
        """Category key -> interest, decayed until now.

        Holds categories that the viewer watched or liked, and those of the chosen
        parent categories.
        """
        now, half_life = timezone.now(), settings.INTEREST_HALF_LIFE
        columns = (self._known[place] or () for place in (13, 14, 15))
        return {
            key: score * 2.0 ** -min((now - at) / half_life, MAX_HALF_LIVES)
            for key, score, at in zip(*columns, strict=True)
        }

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

    @cached_property
    def _known(self) -> tuple[Any, ...]:
        """The columns of `PERSON`; None for empty lists."""
        if self.pk is None:
            return (None,) * 16
        with connection.cursor() as cursor:
            cursor.execute(PERSON, {"user": self.pk, "length": HISTORY_LENGTH})
            row: tuple[Any, ...] = cursor.fetchone()
        return row


def _trail(since: dict[int, datetime]) -> Trail:
    newest = sorted(since.items(), key=lambda row: row[1])[-HISTORY_LENGTH:]
    return Trail.from_ids(
        [key for key, _ in newest], time=[at.timestamp() for _, at in newest]
    )
