"""Interactions of people with videos and with each other."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import TimeStamped
from interactions.querysets import (
    CommentQuerySet,
    EngagementQuerySet,
    InterestQuerySet,
    LikeQuerySet,
    WatchQuerySet,
)
from rest.texts import ProseField
from videos.models import Category, Video


class Watch(TimeStamped):
    """One viewing session of a user, updated while the player reports progress."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watches"
    )
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="watches")
    session_id = models.UUIDField(default=uuid.uuid4, help_text="Made by the client.")
    watch_time = models.FloatField(
        null=True,
        blank=True,
        default=0,
        help_text="Fraction watched, 0 to 1; empty for a view without a watch time.",
    )
    watched_duration = models.FloatField(default=0, help_text="Seconds watched.")
    counted = models.BooleanField(
        default=False, help_text="Whether enough was watched to count as a view."
    )
    repeated = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether it counts as a view together with an earlier session.",
    )
    position = models.FloatField(
        default=0, help_text="The last position of the player, in seconds."
    )
    feed_id = models.UUIDField(
        null=True,
        blank=True,
        help_text="The feed in which the video was opened; joins `Impression`.",
    )
    timestamp = models.DateTimeField(
        default=timezone.now, help_text="When the player last reported."
    )

    objects = WatchQuerySet.as_manager()

    class Meta:
        ordering = ["-timestamp"]
        verbose_name_plural = "watches"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "video", "session_id"], name="watch_session_unique"
            ),
            models.CheckConstraint(
                condition=Q(watch_time__gte=0, watch_time__lte=1),
                name="watch_time_is_fraction",
            ),
            models.CheckConstraint(
                condition=Q(watched_duration__gte=0),
                name="watched_duration_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-timestamp"], name="watch_history"),
            models.Index(fields=["video", "-timestamp"], name="watch_of_video"),
            BrinIndex(fields=["timestamp"], name="watch_window"),
        ]

    def __str__(self) -> str:
        return f"{self.user} watched {self.video}"


class AnonymousView(models.Model):
    """A session that counted as a view, without a user.

    It belongs to a visitor, to a user who switched recording off, or to a watch that
    was removed from a history. `Video.views` includes it.
    """

    video = models.ForeignKey(
        Video, on_delete=models.CASCADE, related_name="anonymous_views"
    )
    session_id = models.UUIDField()
    timestamp = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["video", "session_id"], name="anonymous_view_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.video} at {self.timestamp:%Y-%m-%d %H:%M}"


class Like(TimeStamped):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="likes"
    )
    # `Video.likes` is the counter, so the rows are reached as `like_set`.
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="like_set")
    timestamp = models.DateTimeField(default=timezone.now)

    objects = LikeQuerySet.as_manager()

    class Meta:
        ordering = ["-timestamp"]
        constraints = [
            models.UniqueConstraint(fields=["user", "video"], name="like_unique")
        ]
        indexes = [models.Index(fields=["user", "-timestamp"], name="like_newest")]

    def __str__(self) -> str:
        return f"{self.user} likes {self.video}"


class Inspire(TimeStamped):
    """A mark of a user that a video inspired them."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="inspires"
    )
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="inspires")
    timestamp = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-timestamp"]
        constraints = [
            models.UniqueConstraint(fields=["user", "video"], name="inspire_unique")
        ]

    def __str__(self) -> str:
        return f"{self.user} is inspired by {self.video}"


class Rating(TimeStamped):
    """A user's rating of a video in percent; a new one replaces it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ratings"
    )
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="ratings")
    percent = models.PositiveSmallIntegerField(help_text="1 to 100.")
    timestamp = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-timestamp"]
        constraints = [
            models.UniqueConstraint(fields=["user", "video"], name="rating_unique"),
            models.CheckConstraint(
                condition=Q(percent__gte=1, percent__lte=100),
                name="rating_within_1_100",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} rates {self.video} {self.percent} %"


class Follow(TimeStamped):
    follower = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="following"
    )
    followee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="followers"
    )

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["follower", "followee"], name="follow_unique"
            ),
            models.CheckConstraint(
                condition=~Q(follower=F("followee")), name="follow_not_oneself"
            ),
        ]
        indexes = [
            models.Index(fields=["follower", "-created_at"], name="follow_of_follower"),
            models.Index(fields=["followee", "-created_at"], name="follow_of_followee"),
        ]

    def __str__(self) -> str:
        return f"{self.follower} follows {self.followee}"


class Comment(TimeStamped):
    """A comment, or a reply to one; replies are one level deep.

    One that was removed stays in the place of its replies, without user and text.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="comments",
    )
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="comments")
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="replies"
    )
    text = ProseField(max_length=2000, validators=[MaxLengthValidator(2000)])

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user=None, text="") | (~Q(user=None) & ~Q(text="")),
                name="comment_has_user_and_text",
            )
        ]
        indexes = [
            models.Index(fields=["video", "-created_at"], name="comment_of_video")
        ]

    def __str__(self) -> str:
        return f"{self.user or 'removed'} on {self.video}"

    @property
    def is_removed(self) -> bool:
        return self.user_id is None


class UserCategoryInterest(TimeStamped):
    """A user's interest in a category.

    `score` is the sum of the engagement with its videos, and of `SEED_SCORE` if the
    user chose the parent, each with a half-life of `INTEREST_HALF_LIFE`. It is valid at
    `scored_at`; `objects.with_current_score(at)` computes it for another time.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="category_interests",
    )
    category = models.ForeignKey(
        Category, on_delete=models.CASCADE, related_name="interested"
    )
    score = models.FloatField(default=0)
    interaction_count = models.PositiveIntegerField(
        default=0, help_text="Counted watches and likes."
    )
    scored_at = models.DateTimeField(default=timezone.now)
    seeded_at = models.DateTimeField(
        null=True, blank=True, help_text="When the parent category was chosen."
    )
    current_score: float  # of `objects.with_current_score`

    objects = InterestQuerySet.as_manager()

    class Meta:
        ordering = ["-score"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "category"], name="interest_unique"
            ),
            models.CheckConstraint(
                condition=Q(score__gte=0), name="interest_score_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.category}"


class NotInterested(TimeStamped):
    """A dismissal: feeds leave the video out for this user."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dismissals"
    )
    video = models.ForeignKey(
        Video, on_delete=models.CASCADE, related_name="dismissals"
    )

    class Meta:
        verbose_name_plural = "not interested"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "video"], name="not_interested_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} not in {self.video}"


class Engagement(TimeStamped):
    """The aggregate of a user's watches and like of a video.

    `interactions.services` updates it. `score` is 0.6 * `fraction` + 0.4 * `liked`, and
    0 while less than `VIEW_THRESHOLD` was watched; without a timed view,
    `UNTIMED_VIEW_WEIGHT` replaces the first term. A creator's own watches count as
    progress only: not viewed, no score.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="engagements"
    )
    video = models.ForeignKey(
        Video, on_delete=models.CASCADE, related_name="engagements"
    )
    fraction = models.FloatField(
        default=0, help_text="Best of all sessions that were timed."
    )
    seconds = models.FloatField(default=0, help_text="Total of all sessions.")
    sessions = models.PositiveIntegerField(default=0)
    viewed = models.BooleanField(default=False)
    liked = models.BooleanField(default=False)
    score = models.FloatField(default=0)
    last_at = models.DateTimeField(default=timezone.now)

    objects = EngagementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "video"], name="engagement_unique"),
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=1), name="engagement_within_0_1"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-last_at"], name="engagement_newest"),
            models.Index(fields=["video", "-last_at"], name="engagement_of_video"),
        ]

    def __str__(self) -> str:
        return f"{self.user} with {self.video}"


class Event(models.Model):
    """The id of a recorded event, which makes a retry a no-op."""

    event_id = models.UUIDField(primary_key=True, help_text="Made by the client.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    kind = models.CharField(max_length=20)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [BrinIndex(fields=["received_at"], name="event_received")]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class Impression(models.Model):
    """A video that a feed showed, with its position and source."""

    feed_id = models.UUIDField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="impressions",
    )
    video = models.ForeignKey(
        Video, on_delete=models.CASCADE, related_name="impressions"
    )
    position = models.PositiveIntegerField()
    source = models.CharField(max_length=40)
    clicked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["feed_id", "video"], name="impression_unique"
            )
        ]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="impression_of_user"),
            BrinIndex(fields=["created_at"], name="impression_age"),
        ]

    def __str__(self) -> str:
        return f"{self.video} at {self.position}"


class ImportRun(models.Model):
    """The progress of an import from a source over the network.

    `stream` and `page` are the next to read. The transaction that writes a page also
    advances them, so that a killed run can resume.
    """

    source = models.CharField(max_length=40)
    address = models.CharField(max_length=500)
    stream = models.CharField(max_length=20)
    page = models.PositiveIntegerField(default=1)
    page_size = models.PositiveIntegerField()
    counts = models.JSONField(
        default=dict, help_text="Rows read, added, changed and so on, by stream."
    )
    notes = models.JSONField(default=list, help_text="What was resolved, and how.")
    started_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["source"],
                condition=Q(finished_at=None),
                name="import_run_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} of {self.started_at:%Y-%m-%d %H:%M}"


class GraphChange(models.Model):
    """The outbox of the graph: the key of a row that has changed.

    Triggers of migration 0007 write it in the transaction of the change, on the tables
    that the mirror holds. The relay of `recommender.graph.mirror` deletes it after it
    has written the current row to Neo4j. Without a key, all rows of the `kind` may have
    changed. See `docs/adr/0001-graph-outbox.md` and `0002-outbox-triggers.md`.
    """

    kind = models.CharField(max_length=20)
    source = models.BigIntegerField(null=True)
    target = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.kind} {self.source} {self.target}"
