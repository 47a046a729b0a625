"""The figures of a profile, and whether the viewer follows a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from accounts.models import User


class Figures(TypedDict):
    videos: int
    views: int
    followers: int
    following: int


def figures(person: User) -> Figures:
    """Counts of public videos, views and active people, in three queries."""
    totals = person.videos.listed().aggregate(
        count=Count("pk"), views=Coalesce(Sum("views"), 0)
    )
    return {
        "videos": totals["count"],
        "views": totals["views"],
        "followers": follower_count(person),
        "following": following_count(person),
    }


def follower_count(person: User) -> int:
    return person.followers.filter(follower__is_active=True).count()


def following_count(person: User) -> int:
    return person.following.filter(followee__is_active=True).count()


def followed(viewer: User | AnonymousUser, people: Iterable[User]) -> set[int]:
    """The keys of the `people` that `viewer` follows."""
    if not viewer.is_authenticated:
        return set()
    follows = viewer.following.filter(followee__in=list(people))
    return set(follows.values_list("followee_id", flat=True))
