"""Runs of models and of rankers, which of them serve, the feeds that were given out and
what was known of their videos, and experiments that compare two runs."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import TimeStamped
from recommender.compat.personalize.filter_language import BadFilter, parse
from videos.models import Video


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


class PersonalizeFilter(models.Model):
    """A filter that clients of Personalize's runtime name in their requests."""

    name = models.CharField(
        max_length=63,
        unique=True,
        help_text="What the ARN of the filter ends in, after the last slash.",
    )
    expression = models.TextField(
        help_text="As in Personalize: INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            parse(self.expression)
        except BadFilter as error:
            raise ValidationError({"expression": str(error)}) from error


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


class Experiment(TimeStamped):
    """Two runs compared on live traffic; at most one experiment runs at a time.

    The runs stay as they are while it runs. `planned_people` is worked out at the start
    from `smallest_effect`.
    """

    class Kind(models.TextChoices):
        AB = "ab", "A/B: each person has one of the runs"
        INTERLEAVING = "interleaving", "Interleaving: each home feed mixes both runs"

    class State(models.TextChoices):
        DRAFT = "draft", "Not started"
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=20, choices=Kind)
    state = models.CharField(
        max_length=10, choices=State, default=State.DRAFT, editable=False
    )
    control = models.ForeignKey(ModelRun, on_delete=models.PROTECT, related_name="+")
    treatment = models.ForeignKey(ModelRun, on_delete=models.PROTECT, related_name="+")
    share = models.FloatField(
        default=0.5,
        validators=[MinValueValidator(0.001), MaxValueValidator(1)],
        help_text="Of the people with an account, those who take part: above 0, to 1.",
    )
    smallest_effect = models.FloatField(
        default=0.05,
        validators=[MinValueValidator(0.001), MaxValueValidator(1)],
        help_text="The smallest difference worth finding. A/B: of views a person, as a "
        "share of what they are now. Interleaving: by how much more people prefer one "
        "run, as a share of them. 0.05 is five per cent.",
    )
    window_days = models.PositiveSmallIntegerField(
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
        help_text="Each person counts with what they watch in so many days from their "
        "first feed in the experiment, and only once these are over.",
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
                violation_error_message="An experiment takes two different runs.",
            ),
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lte=1, smallest_effect__gt=0),
                name="experiment_within_range",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Exposure(models.Model):
    """A feed given out under an experiment; `feed_id` joins impressions and watches.

    `arm` is control or treatment. An interleaved feed has both: there `arm` is empty
    and `teams` says of each video (by key) which of the two placed it.
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


class FeatureLog(models.Model):
    """What was known of the videos of a feed when they were ranked, one row a plan.

    `signals` holds little-endian float16, a row of `recommender.ranking.features.NAMES`
    for each of `video_ids`: 50 bytes a video, where JSON would take some 300.
    `Impression` says, by `feed_id`
    and video, which of them were seen; the others are cut once the feed is `settled`.
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


class Audience(models.Model):
    """How many watched a video lately, counted anew every few minutes.

    `impressions` and `engaged` are of videos that are still explored alone: how often
    one was seen in a feed by somebody signed in, and how often that led to a view.
    """

    video = models.OneToOneField(
        Video, primary_key=True, on_delete=models.CASCADE, related_name="audience"
    )
    day = models.PositiveIntegerField(default=0, help_text="Views of the last day.")
    week = models.PositiveIntegerField(default=0)
    month = models.PositiveIntegerField(default=0, help_text="Views of 28 days.")
    impressions = models.PositiveIntegerField(default=0)
    engaged = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.video}: {self.week} views this week"


class RankerRun(TimeStamped):
    """One training of the ranker; its artifact folder is `RANKERS_DIR / run_id`."""

    class State(models.TextChoices):
        TRAINING = "training", "Training"
        TRAINED = "trained", "Trained"
        REFUSED = "refused", "Refused: does not beat reciprocal rank fusion"
        FAILED = "failed", "Failed"

    run_id = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.TRAINING)
    impressions = models.PositiveIntegerField(default=0)
    config = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    note = models.TextField(blank=True, help_text="Why it was refused or failed.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.run_id


class RankerActivation(models.Model):
    """A ranker was put into service; the newest row says which one ranks.

    Without a run it is reciprocal rank fusion, as before the first row.
    """

    run = models.ForeignKey(
        RankerRun, null=True, on_delete=models.PROTECT, related_name="activations"
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
        return f"{self.run or 'fusion'} at {self.created_at:%Y-%m-%d %H:%M}"


class GraphMirror(models.Model):
    """How the mirror in Neo4j fares, as its writers last said; there is one row.

    A mirror belongs to one `generation` of the outbox: when rows of it were dropped
    unapplied, the next generation begins, and with it a mirror built from empty.
    """

    generation = models.UUIDField(default=uuid.uuid4)
    watermark = models.BigIntegerField(
        default=0, help_text="Highest number of a change that was applied."
    )
    applied_at = models.DateTimeField(null=True, help_text="When one last was.")
    error = models.TextField(blank=True, help_text="The last one.")
    failed_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    differences = models.PositiveIntegerField(
        default=0, help_text="Found, and repaired, when last verified."
    )

    class Meta:
        verbose_name_plural = "graph mirror"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pk=1), name="graph_mirror_is_one_row"
            )
        ]

    def __str__(self) -> str:
        return f"Mirror of generation {self.generation}"

    @classmethod
    def load(cls) -> GraphMirror:
        return cls.objects.get_or_create(pk=1)[0]
