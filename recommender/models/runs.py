"""Runs of models and of rankers, and which of them serves."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models

from accounts.models import TimeStamped


class Run(TimeStamped):
    """One training. What it produced is in `folder`, its artifact folder."""

    class State(models.TextChoices):
        TRAINING = "training", "Training"
        TRAINED = "trained", "Trained"
        REFUSED = "refused", "Refused: does not beat the baselines"
        FAILED = "failed", "Failed"

    FINISHED = (State.TRAINED, State.REFUSED)
    root_setting: ClassVar[str]  # names the setting of the folder of all artifacts

    run_id = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.TRAINING)
    config = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    note = models.TextField(blank=True, help_text="Why it was refused or failed.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.run_id

    @classmethod
    def folder_of(cls, run_id: str) -> Path:
        """The artifact folder of a run of this kind."""
        root: Path = getattr(settings, cls.root_setting)
        return root / run_id

    @property
    def folder(self) -> Path:
        return self.folder_of(self.run_id)


class ModelRun(Run):
    """One training of a model."""

    root_setting = "ARTIFACTS_DIR"

    model = models.CharField(max_length=40)
    curves = models.JSONField(default=list, help_text="One entry an epoch.")
    data_hash = models.CharField(max_length=64, blank=True)


class RankerRun(Run):
    """One training of the ranker; its baseline is reciprocal rank fusion."""

    root_setting = "RANKERS_DIR"

    impressions = models.PositiveIntegerField(default=0)


class BaseActivation(models.Model):
    """A run was activated; the run of the newest row serves."""

    reason = models.TextField()
    is_rollback = models.BooleanField(
        default=False, help_text="Whether it undid the activation before it."
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
        abstract = True
        ordering = ["-id"]
        get_latest_by = "id"


class Activation(BaseActivation):
    """A model run was activated."""

    run = models.ForeignKey(
        ModelRun, on_delete=models.PROTECT, related_name="activations"
    )

    def __str__(self) -> str:
        return f"{self.run} at {self.created_at:%Y-%m-%d %H:%M}"


class RankerActivation(BaseActivation):
    """A ranker run was activated, or, without a run, reciprocal rank fusion."""

    run = models.ForeignKey(
        RankerRun, null=True, on_delete=models.PROTECT, related_name="activations"
    )

    def __str__(self) -> str:
        return f"{self.run or 'fusion'} at {self.created_at:%Y-%m-%d %H:%M}"
