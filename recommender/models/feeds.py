"""Feeds, the features of their videos, and counts of views."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import TimeStamped
from videos.models import Video


class FeedSession(TimeStamped):
    """A feed of one viewer, so that "load more" continues the same list.

    `items` are the entries planned so far, in order: video key, source, score and
    reason. `complete` means that no entry is left to add. `parameters` are the filter
    and the ordering of the request.
    """

    feed_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="feed_sessions",
    )
    kind = models.CharField(max_length=20)
    parameters = models.JSONField(default=dict)
    items = models.JSONField(default=list)
    complete = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="feed_session_age")]

    def __str__(self) -> str:
        return f"{self.kind} {self.feed_id}"


class FeatureLog(models.Model):
    """The ranking features of the videos of a feed, one row for each time it grew.

    `signals` is an array (videos, features) of little-endian float16, in the order of
    `video_ids` and `recommender.ranking.features.NAMES`. `Impression` holds which
    videos were seen, by `feed_id` and video; the other rows are removed when the log is
    `settled`.
    """

    feed_id = models.UUIDField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="feature_logs",
    )
    ranker = models.CharField(
        max_length=40, blank=True, help_text="Empty: reciprocal rank fusion."
    )
    model_run = models.CharField(
        max_length=40, blank=True, help_text="Empty: no model served."
    )
    layout = models.PositiveSmallIntegerField(help_text="Version of the columns.")
    video_ids = ArrayField(models.BigIntegerField())
    signals = models.BinaryField()
    settled = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["feed_id"], name="feature_log_of_feed"),
            models.Index(fields=["created_at"], name="feature_log_age"),
        ]

    def __str__(self) -> str:
        return f"{len(self.video_ids)} videos of feed {self.feed_id}"


class ViewCounts(models.Model):
    """Recent views of a video, counted every few minutes.

    `impressions` and `engaged` are counted for videos young enough to be explored: how
    often signed-in users saw the video in a feed, and how often a view followed.
    """

    video = models.OneToOneField(
        Video, primary_key=True, on_delete=models.CASCADE, related_name="view_counts"
    )
    day = models.PositiveIntegerField(default=0, help_text="Views of the last day.")
    week = models.PositiveIntegerField(default=0)
    month = models.PositiveIntegerField(default=0, help_text="Views of 28 days.")
    impressions = models.PositiveIntegerField(default=0)
    engaged = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "recommender_audience"
        verbose_name_plural = "view counts"

    def __str__(self) -> str:
        return f"{self.video}: {self.week} views this week"
