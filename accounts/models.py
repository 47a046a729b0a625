"""People, service clients and idempotency keys."""

from __future__ import annotations

import secrets
import uuid
from pathlib import PurePath
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower, Upper
from django.urls import reverse

from accounts import encryption, time_zones
from accounts.managers import ServiceClientManager, UserManager
from accounts.moods import Mood
from rest.texts import LineField, ProseField


class TimeStamped(models.Model):
    """The times at which a row was created and last changed."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Sourced(models.Model):
    """The origin of an imported row; both fields are empty for other rows."""

    source = models.CharField(max_length=40, blank=True, editable=False)
    external_id = models.CharField(max_length=256, blank=True, editable=False)

    class Meta:
        abstract = True


def _public_image(folder: str, filename: str) -> str:
    """A random name: the uploader's file name is not used."""
    return f"public/{folder}/{uuid.uuid4().hex}{PurePath(filename).suffix.lower()}"


def profile_picture_path(user: User, filename: str) -> str:
    return _public_image("profile", filename)


def banner_image_path(user: User, filename: str) -> str:
    return _public_image("banner", filename)


class User(TimeStamped, Sourced, AbstractUser):
    """A person with an account; usernames and e-mails are unique regardless of case."""

    class Role(models.TextChoices):
        VIEWER = "viewer", "Viewer"
        CREATOR = "creator", "Creator"
        MODERATOR = "moderator", "Moderator"

    username = models.CharField(
        max_length=150,
        unique=True,
        validators=[
            RegexValidator(
                r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_])?\Z",
                "Use letters a to z, digits and . _ - between them.",
            )
        ],
        error_messages={"unique": "A user with that username already exists."},
    )
    external_username = models.CharField(
        max_length=150,
        blank=True,
        editable=False,
        help_text="The username at the source of an imported person; not unique.",
    )
    first_name = LineField("first name", max_length=150, blank=True)
    last_name = LineField("last name", max_length=150, blank=True)
    email = models.EmailField("e-mail address", blank=True)
    bio = ProseField(max_length=1000, blank=True)
    profile_picture = models.ImageField(upload_to=profile_picture_path, blank=True)
    banner_image = models.ImageField(upload_to=banner_image_path, blank=True)
    website = models.URLField(blank=True)
    location = LineField(max_length=100, blank=True)
    role = models.CharField(max_length=20, choices=Role, default=Role.VIEWER)
    verified = models.BooleanField(
        default=False, help_text="A badge that an administrator gives."
    )
    parent_category_interests = models.ManyToManyField(
        "videos.ParentCategory", related_name="interested_users", blank=True
    )
    record_history = models.BooleanField(
        default=True, help_text="Whether what this person watches is recorded."
    )
    share_likes = models.BooleanField(
        default=False,
        help_text="Whether followers may see this person's likes as part of a count.",
    )
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        validators=[time_zones.validate],
        help_text="Times on pages are in this zone; empty for that of the browser.",
    )
    show_interests = models.BooleanField(
        default=False, help_text="Whether others see this person's interests."
    )
    show_follows = models.BooleanField(
        default=False,
        help_text="Whether others see whom this person follows, and their followers.",
    )
    mood = models.CharField(
        max_length=20,
        choices=Mood,
        blank=True,
        help_text="The mood of the videos that this person wants to see; may be empty.",
    )
    mood_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the mood was set."
    )
    is_demo = models.BooleanField(default=False, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_username_unique",
                violation_error_message="A user with that username already exists.",
            ),
            models.UniqueConstraint(
                Lower("email"),
                condition=~models.Q(email=""),
                name="user_email_unique",
                violation_error_message="A user with that e-mail already exists.",
            ),
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~models.Q(external_id=""),
                name="user_external_unique",
            ),
        ]
        indexes = [
            # Used by `username__iexact` and by allauth's lookup by e-mail.
            models.Index(Upper("username"), name="user_by_username"),
            models.Index(fields=["email"], name="user_by_email"),
            models.Index(
                fields=["source", "external_username"],
                name="user_by_external_username",
                condition=~models.Q(external_username=""),
            ),
        ]

    def __str__(self) -> str:
        return self.username

    def get_absolute_url(self) -> str:
        return reverse("profile", args=[self.username])

    @property
    def is_imported(self) -> bool:
        """Whether the account was imported; it allows no log-in."""
        return bool(self.external_id)

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username


def new_client_id() -> str:
    """80 random bits in 20 characters, as an AWS access key id has."""
    return secrets.token_hex(10).upper()


class ServiceClient(TimeStamped):
    """A program that calls the API for many people, with an id and a secret.

    Verifying SigV4 needs the secret itself, so it is stored encrypted
    (`accounts.encryption`). `secret_hash` is for lookups by a secret in a header.
    """

    name = LineField(max_length=80, unique=True)
    client_id = models.CharField(
        max_length=20, unique=True, default=new_client_id, editable=False
    )
    encrypted_secret = models.TextField(editable=False)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    source = models.CharField(
        max_length=40,
        help_text="The source whose ids of people and videos this client uses; all "
        "others are named by username and video id.",
    )
    active = models.BooleanField(default=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[ServiceClientManager] = ServiceClientManager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def secret(self) -> str:
        """Raises `encryption.Unreadable` if `SECRET_KEY` has been replaced."""
        return encryption.decrypt(self.encrypted_secret)


class IdempotencyKey(models.Model):
    """A key that a client sent with a creation, and the response."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the request.")
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(null=True)
    location = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "key"], name="idempotency_key_unique"
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return f"{self.user} {self.key}"
