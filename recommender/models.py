"""Runs of the recommender, which of them serves, and the feeds that were given out."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from accounts.models import TimeStamped


class ModelRun(TimeStamped):
    """One training run; its artifact folder is `ARTIFACTS_DIR / run_id`."""

    class State(models.TextChoices):
        TRAINING = "training", "Training"
        TRAINED = "trained", "Trained"
        REFUSED = "refused", "Refused: does not beat the baselines"
        FAILED = "failed", "Failed"

    run_id = models.CharField(max_length=40, unique=True)
    model = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State, default=State.TRAINING)
    config = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    curves = models.JSONField(default=list, help_text="One entry an epoch.")
    data_hash = models.CharField(max_length=64, blank=True)
    note = models.TextField(blank=True, help_text="Why it was refused or failed.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.run_id


class Activation(models.Model):
    """A run was put into service; the newest row names the run that serves."""

    run = models.ForeignKey(
        ModelRun, on_delete=models.PROTECT, related_name="activations"
    )
    reason = models.TextField()
    is_rollback = models.BooleanField(
        default=False, help_text="Whether it took back the activation before it."
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        get_latest_by = "id"

    def __str__(self) -> str:
        return f"{self.run} at {self.created_at:%Y-%m-%d %H:%M}"


class FeedSession(TimeStamped):
    """A feed as it was given out: what "load more" goes on from.

    `items` lists the feed in order as far as it is planned: video key, source, score
    and reason, so that no page repeats or skips an item; `complete` says that nothing
    is left to add. `parameters` holds the filter and the order that were asked for.
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


class TextEmbedding(models.Model):
    """A text as a vector of a text model, by the SHA-256 of the text.

    `vector` holds little-endian float32. A text that changes is another row; the daily
    refresh drops those that nothing says any more.
    """

    model = models.CharField(max_length=200)
    content_hash = models.CharField(max_length=64)
    vector = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model", "content_hash"], name="text_embedding_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.content_hash[:12]} by {self.model}"
