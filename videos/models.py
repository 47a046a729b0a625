"""Categories and videos."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.files import FieldFile
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse
from django.utils import timezone

from accounts.models import Sourced, TimeStamped
from accounts.moods import Mood
from rest.texts import LineField, ProseField
from videos.querysets import VideoQuerySet


class ParentCategory(TimeStamped):
    """A broad subject that people choose as an interest: Music, Sports, ..."""

    name = LineField(max_length=60)
    slug = models.SlugField(max_length=80, unique=True)
    icon = models.CharField(max_length=16, blank=True, help_text="One emoji.")
    description = ProseField(blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "parent categories"
        constraints = [
            models.UniqueConstraint(Lower("name"), name="parent_category_name_unique")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        _refuse_slug_of(Category, self.slug)

    def get_absolute_url(self) -> str:
        return reverse("category", args=[self.slug])


class Category(TimeStamped, Sourced):
    """A subject within a parent category: Jazz, Football, ...

    Slugs are unique over categories and parent categories, which share the URL
    `/category/<slug>/` (`videos.services.unique_category_slug`).
    """

    name = LineField(max_length=60)
    slug = models.SlugField(max_length=80, unique=True)
    parent_category = models.ForeignKey(
        ParentCategory, on_delete=models.PROTECT, related_name="categories"
    )
    description = ProseField(blank=True)
    icon = models.CharField(max_length=16, blank=True, help_text="One emoji.")

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(
                "parent_category", Lower("name"), name="category_name_unique"
            ),
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                name="category_external_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        _refuse_slug_of(ParentCategory, self.slug)

    def get_absolute_url(self) -> str:
        return reverse("category", args=[self.slug])


def _refuse_slug_of(other: type[Category | ParentCategory], slug: str) -> None:
    if other._default_manager.filter(slug=slug).exists():
        name = other._meta.verbose_name
        raise ValidationError({"slug": f"A {name} has this slug already."})


class Topic(TimeStamped, Sourced):
    """A group of videos of a project, requested by its project code."""

    name = LineField(max_length=150)
    slug = models.SlugField(max_length=160, unique=True)
    project_code = models.CharField(max_length=100, blank=True, db_index=True)
    description = ProseField(blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                name="topic_external_unique",
            )
        ]

    def __str__(self) -> str:
        return self.name


def new_video_id() -> str:
    """66 random bits as 11 characters that need no escaping in a URL."""
    return secrets.token_urlsafe(8)


def video_file_path(video: Video, filename: str) -> str:
    token = secrets.token_hex(
        4
    )  # a new encoding never overwrites a file that is playing
    return f"videos/{video.video_id}/video-{token}"


def thumbnail_path(video: Video, filename: str) -> str:
    token = secrets.token_hex(
        4
    )  # a new picture gets a new URL, so that caches may be long
    return f"videos/{video.video_id}/thumbnail-{token}.jpg"


class Video(TimeStamped, Sourced):
    """A video: an uploaded file or an external URL.

    `interactions.services` updates the counters `views`, `likes` and `engagement`.
    """

    class Visibility(models.TextChoices):
        PUBLIC = "public", "Public"
        UNLISTED = "unlisted", "Unlisted: everyone with the link"
        PRIVATE = "private", "Private: only you"

    class State(models.TextChoices):
        PROCESSING = "processing", "Processing"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    video_id = models.CharField(
        max_length=16, unique=True, default=new_video_id, editable=False
    )
    title = LineField(max_length=150)
    slug = models.SlugField(
        max_length=200, blank=True, help_text="The title for URLs; not unique."
    )
    summary = ProseField(max_length=1000, blank=True)
    description = ProseField(max_length=5000, blank=True)
    tags = ArrayField(LineField(max_length=60), default=list, blank=True)
    topic = models.ForeignKey(
        Topic, null=True, blank=True, on_delete=models.SET_NULL, related_name="videos"
    )
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="videos"
    )
    thumbnail = models.ImageField(upload_to=thumbnail_path, blank=True)
    thumbnail_widths = ArrayField(
        models.PositiveSmallIntegerField(),
        null=True,
        editable=False,
        help_text="The widths in which the thumbnail is stored as WebP; null until "
        "`videos.files.renditions` has made them.",
    )
    video_file = models.FileField(upload_to=video_file_path, blank=True)
    external_url = models.URLField(max_length=500, blank=True)
    duration = models.FloatField(default=0, help_text="Seconds.")
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    categories = models.ManyToManyField(Category, related_name="videos", blank=True)
    parent_categories = models.ManyToManyField(
        ParentCategory, related_name="videos", blank=True
    )
    views = models.PositiveIntegerField(default=0, editable=False)
    likes = models.PositiveIntegerField(default=0, editable=False)
    engagement = models.FloatField(
        default=0,
        editable=False,
        help_text="Sum over users of 0.6 * watch fraction + 0.4 * like.",
    )
    visibility = models.CharField(
        max_length=10, choices=Visibility, default=Visibility.PUBLIC
    )
    is_public = models.GeneratedField(
        expression=models.ExpressionWrapper(
            Q(visibility="public"), output_field=models.BooleanField()
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    is_premium = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=State, default=State.PROCESSING)
    failure = models.CharField(max_length=200, blank=True, editable=False)
    published_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it first became public and ready; orders the feeds.",
    )
    content_type = models.CharField(max_length=40, blank=True, editable=False)
    search = SearchVectorField(null=True, editable=False)
    is_demo = models.BooleanField(default=False, editable=False)

    objects: ClassVar[models.Manager[Video]] = VideoQuerySet.as_manager()

    class Meta:
        ordering = ["-published_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~(Q(video_file="") & Q(external_url="")),
                name="video_has_a_source",
            ),
            models.CheckConstraint(
                condition=Q(duration__gte=0), name="video_duration_not_negative"
            ),
            models.CheckConstraint(
                condition=~Q(title=""), name="video_title_not_empty"
            ),
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~Q(external_id=""),
                name="video_external_unique",
            ),
        ]
        indexes = [
            models.Index(
                F("published_at").desc(),
                "id",
                name="video_newest",
                condition=Q(visibility="public", state="ready"),
            ),
            models.Index(
                Coalesce("published_at", "created_at").desc(),
                F("id").desc(),
                name="video_shown",
                condition=Q(visibility="public", state="ready"),
            ),
            models.Index(fields=["creator", "-published_at"], name="video_by_creator"),
            models.Index(fields=["updated_at"], name="video_changed"),
            models.Index(
                fields=["id"],
                name="video_without_renditions",
                condition=Q(thumbnail_widths__isnull=True) & ~Q(thumbnail=""),
            ),
            GinIndex(fields=["search"], name="video_search"),
            GinIndex(fields=["tags"], name="video_tags"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("video", args=[self.video_id])

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY

    def rendition(self, width: int) -> FieldFile:
        """The thumbnail in one of `thumbnail_widths`."""
        name = self.rendition_name(str(self.thumbnail.name), width)
        return FieldFile(self, self.thumbnail.field, name)

    @staticmethod
    def rendition_name(thumbnail: str, width: int) -> str:
        """The stored name of a thumbnail in another width."""
        return f"{thumbnail.removesuffix('.jpg')}-{width}.webp"

    @property
    def thumbnail_names(self) -> list[str]:
        """The stored names of the thumbnail and of its renditions."""
        name = str(self.thumbnail.name or "")
        widths = self.thumbnail_widths or []
        return [name, *(self.rendition_name(name, w) for w in widths)] if name else []

    def publish(self) -> None:
        """Set `published_at` if the video is public and ready; the caller saves."""
        open_to_all = self.visibility == self.Visibility.PUBLIC and self.is_ready
        if open_to_all and self.published_at is None:
            self.published_at = timezone.now()


class VideoMood(models.Model):
    """The strength of a mood of a video by one kind of evidence."""

    class Origin(models.TextChoices):
        EMOTIONS = "emotions", "Imported emotions"
        TAGS = "tags", "Tags"
        REACTIONS = "reactions", "Reactions of the audience"
        TEXT = "text", "Title and description"

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="moods")
    mood = models.CharField(max_length=20, choices=Mood)
    origin = models.CharField(max_length=10, choices=Origin)
    strength = models.FloatField(help_text="0 to 1.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["video", "mood", "origin"], name="video_mood_unique"
            ),
            models.CheckConstraint(
                condition=Q(strength__gt=0, strength__lte=1),
                name="video_mood_strength_within_0_1",
            ),
        ]
        indexes = [models.Index(fields=["mood", "video"], name="video_by_mood")]

    def __str__(self) -> str:
        return f"{self.video} is {self.mood}"
