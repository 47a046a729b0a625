"""Changes to accounts."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import User
from accounts.moods import Mood
from accounts.small_pictures import small_name

PICTURES = ("profile_picture", "banner_image")
PROFILE = (
    *("first_name", "last_name", "bio", "website", "location", "time_zone"),
    *PICTURES,
)

SECRETS = {"session_key", "data"}  # of sessions, and of second factors
CHOICES = ("record_history", "share_likes", "show_interests", "show_follows")


@transaction.atomic
def set_interests(*, user: User, parent_categories: Iterable[Any]) -> None:
    """Replace the `ParentCategory` rows that `user` is interested in."""
    user.parent_category_interests.set(parent_categories)
    _call_hooks(settings.ON_INTERESTS_CHANGED, user)


def set_mood(*, user: User, mood: str) -> None:
    """Set the mood of the videos that `user` wants to see; empty for none.

    Raises `ValueError` for an unknown mood.
    """
    if mood and mood not in Mood:
        raise ValueError(f"{mood!r} is not a mood: use one of {', '.join(Mood.values)}")
    user.mood = mood
    user.mood_at = timezone.now() if mood else None
    user.save(update_fields=["mood", "mood_at", "updated_at"])


@transaction.atomic
def save_profile(*, user: User) -> None:
    """Store the edited profile; replaced pictures are deleted after commit."""
    before = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    user.save(update_fields=[*PROFILE, "updated_at"])
    for picture in PICTURES:
        if getattr(before, picture) != getattr(user, picture):
            remove_picture(getattr(before, picture))
    _call_hooks(settings.ON_PROFILE_CHANGED, user)


@transaction.atomic
def edit_account(*, user: User, name: str | None = None, **values: Any) -> None:
    """Store changes to the profile and the privacy choices."""
    if name is not None:
        user.first_name, user.last_name = name, ""
    for field, value in values.items():
        setattr(user, field, value)
    user.save(update_fields=[*CHOICES, "updated_at"])
    save_profile(user=user)


def remove_pictures(*, user: User) -> None:
    """Remove the profile picture and the banner."""
    user.profile_picture = user.banner_image = ""
    save_profile(user=user)


def set_verified(*, users: QuerySet[User], verified: bool) -> int:
    """Add or remove the badge; returns how many people changed."""
    return users.exclude(verified=verified).update(verified=verified)


def set_active(*, users: QuerySet[User], active: bool) -> int:
    """Activate or deactivate people; deactivation ends their access at once."""
    return users.exclude(is_active=active).update(is_active=active)


@transaction.atomic
def delete_account(*, user: User) -> None:
    """Delete a person with all their rows; files are deleted after commit."""
    _call_hooks(settings.BEFORE_ACCOUNT_DELETION, user)
    for picture in PICTURES:
        remove_picture(getattr(user, picture))
    user.delete()


def export_account(*, user: User) -> dict[str, Any]:
    """All stored data of `user`: their row, and the rows that refer to them."""
    hidden = {"password", "is_demo"}
    fields = [field.name for field in User._meta.fields if field.name not in hidden]
    interests = user.parent_category_interests.values_list("name", flat=True)
    data: dict[str, Any] = {
        "account": User.objects.values(*fields).get(pk=user.pk),
        "interests": list(interests),
    }
    for relation in User._meta.related_objects:
        name = relation.get_accessor_name()
        if relation.one_to_many and name:
            rows = getattr(user, name).order_by("pk").values()
            data[name] = [_exported(row) for row in rows]
    return data


def _exported(row: dict[str, Any]) -> dict[str, Any]:
    """A row in types of JSON, without secrets."""
    return {
        name: b64encode(value).decode() if isinstance(value, memoryview) else value
        for name, value in row.items()
        if name not in SECRETS
    }


def _call_hooks(hooks: Iterable[str], user: User) -> None:
    """Call functions of the apps above, which this app may not import."""
    for path in hooks:
        import_string(path)(user=user)


def remove_picture(picture: Any) -> None:
    """Delete a stored picture and its small version after commit."""
    if picture:
        for name in (picture.name, small_name(picture.name)):
            transaction.on_commit(partial(picture.storage.delete, name))
