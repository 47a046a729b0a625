"""Follows."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.models import User
from interactions.models import Follow


def follow(*, follower: User, followee: User) -> None:
    """Raises `ValidationError` if both are the same person."""
    if follower.pk == followee.pk:
        raise ValidationError("You cannot follow yourself.", code="self_follow")
    Follow.objects.get_or_create(follower=follower, followee=followee)


def unfollow(*, follower: User, followee: User) -> None:
    Follow.objects.filter(follower=follower, followee=followee).delete()
