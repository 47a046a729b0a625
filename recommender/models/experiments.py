"""Experiments that compare two model runs on live traffic."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import TimeStamped
from recommender.models.runs import ModelRun
from rest.texts import LineField


class Experiment(TimeStamped):
    """Two model runs compared on live traffic; at most one experiment runs at a time.

    Starting it computes `planned_people` from `smallest_effect`.
    """

    class Kind(models.TextChoices):
        AB = "ab", "A/B: each person gets one of the runs"
        INTERLEAVING = "interleaving", "Interleaving: each home feed mixes both runs"

    class State(models.TextChoices):
        DRAFT = "draft", "Not started"
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"

    name = LineField(max_length=80, unique=True)
    kind = models.CharField(max_length=20, choices=Kind)
    state = models.CharField(
        max_length=10, choices=State, default=State.DRAFT, editable=False
    )
    control = models.ForeignKey(ModelRun, on_delete=models.PROTECT, related_name="+")
    treatment = models.ForeignKey(ModelRun, on_delete=models.PROTECT, related_name="+")
    share = models.FloatField(
        default=0.5,
        validators=[MinValueValidator(0.001), MaxValueValidator(1)],
        help_text="Share of the people with an account who take part, above 0 up to 1.",
    )
    smallest_effect = models.FloatField(
        default=0.05,
        validators=[MinValueValidator(0.001), MaxValueValidator(1)],
        help_text="The smallest difference to detect. A/B: change in views per person, "
        "relative to today. Interleaving: share of people who prefer one run minus "
        "share who prefer the other. 0.05 is five per cent.",
    )
    window_days = models.PositiveSmallIntegerField(
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
        help_text="Days from a person's first feed in the experiment in which their "
        "watches count. A person counts once these days are over.",
    )
    salt = models.UUIDField(default=uuid.uuid4, editable=False)
    planned_people = models.PositiveIntegerField(null=True, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    stopped_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state="running"),
                name="experiment_one_at_a_time",
                violation_error_message="Another experiment is running; stop it first.",
            ),
            models.CheckConstraint(
                condition=~Q(control=F("treatment")),
                name="experiment_two_runs",
                violation_error_message="An experiment needs two different runs.",
            ),
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lte=1, smallest_effect__gt=0),
                name="experiment_within_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Exposure(models.Model):
    """A feed shown under an experiment; `feed_id` joins impressions and watches.

    `arm` is control or treatment. For an interleaved feed `arm` is empty and `teams`
    maps each video key to the arm that placed it.
    """

    experiment = models.ForeignKey(
        Experiment, on_delete=models.CASCADE, related_name="exposures"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    feed_id = models.UUIDField(unique=True)
    arm = models.CharField(max_length=10, blank=True)
    teams = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["experiment", "user", "created_at"], name="exposure_of_user"
            )
        ]

    def __str__(self) -> str:
        return f"{self.feed_id} in {self.experiment}"
