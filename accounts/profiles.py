"""The figures of a profile, and whether the viewer follows a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypedDict

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import Http404

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


def shown_interests(person: User, viewer: User | AnonymousUser) -> Iterable[Any]:
    """The interests of a person, none if they do not show them to `viewer`."""
    if person.show_interests or viewer == person:
        return person.parent_category_interests.all()
    return ()


def shows_follows(person: User, viewer: User | AnonymousUser) -> bool:
    return person.show_follows or viewer == person


def shown_follows(
    person: User, viewer: User | AnonymousUser, other: str
) -> QuerySet[Any]:
    """The follows with the people at the `other` end, "follower" or "followee".

    Others do not see followers who hide the people they follow. Raises `Http404`
    where the list is not for `viewer`.
    """
    if not shows_follows(person, viewer):
        raise Http404("This person does not show the people they follow.")
    follows = person.followers if other == "follower" else person.following
    active = follows.filter(**{f"{other}__is_active": True}).select_related(other)
    if other == "follower" and viewer != person:
        active = active.filter(Q(follower__show_follows=True) | Q(follower=viewer.pk))
    return active


def followed(viewer: User | AnonymousUser, people: Iterable[User]) -> set[int]:
    """The keys of the `people` that `viewer` follows."""
    if not viewer.is_authenticated:
        return set()
    follows = viewer.following.filter(followee__in=list(people))
    return set(follows.values_list("followee_id", flat=True))
