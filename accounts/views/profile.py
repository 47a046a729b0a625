"""A person's public page: videos, about, followers, following."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.models import User
from accounts.profiles import (
    figures,
    followed,
    shown_follows,
    shown_interests,
    shows_follows,
)
from accounts.requests import PageRequest
from rest.pagination import newest_first

PAGE_SIZE = 24
TABS = {
    "profile": "Videos",
    "profile_about": "About",
    "profile_followers": "Followers",
    "profile_following": "Following",
}
FOLLOWS = ("profile_followers", "profile_following")


@dataclass(frozen=True)
class Page:
    """A page of a grid or list; `next_url` is empty on the last page."""

    items: list[Any]
    next_url: str


@dataclass(frozen=True)
class VideoItem:
    """A video and the fraction that the visitor has watched."""

    video: Any
    progress: float | None


@dataclass(frozen=True)
class PersonItem:
    person: User
    is_following: bool


def _of_person(
    view: Callable[[PageRequest, User], HttpResponse],
) -> Callable[[PageRequest, str], HttpResponse]:
    """A view of a person by username; another spelling redirects to the stored one."""

    @require_safe
    @vary_on_headers("HX-Request")
    @wraps(view)
    def page(request: PageRequest, username: str) -> HttpResponse:
        person = get_object_or_404(
            User.objects.with_profile(), username__iexact=username
        )
        if person.username != username:
            assert request.resolver_match is not None
            address = reverse(request.resolver_match.view_name, args=[person.username])
            query = request.META["QUERY_STRING"]
            return redirect(f"{address}?{query}" if query else address)
        return view(request, person)

    return page


@_of_person
def videos(request: PageRequest, person: User) -> HttpResponse:
    """The person's public videos; all of them if it is the user's own page."""
    shown = person.videos.all() if request.user == person else person.videos.listed()
    part = newest_first(
        shown.for_cards().annotate(shown_at=Coalesce("published_at", "created_at")),
        moment="shown_at",
        cursor=request.GET.get("after", ""),
        size=PAGE_SIZE,
    )
    progress = _progress(request.user, part.rows)
    items = [VideoItem(video, progress.get(video.pk)) for video in part.rows]
    page = Page(items, _next_url(request, part.next_cursor))
    return _render(request, person, page, "components/video_grid.html")


@_of_person
def about(request: PageRequest, person: User) -> HttpResponse:
    interests = shown_interests(person, request.user)
    context = _head(request, person) | {"interests": interests}
    return render(request, "accounts/profile_about.html", context)


@_of_person
def followers(request: PageRequest, person: User) -> HttpResponse:
    return _people(request, person, "follower")


@_of_person
def following(request: PageRequest, person: User) -> HttpResponse:
    return _people(request, person, "followee")


def _people(request: PageRequest, person: User, other: str) -> HttpResponse:
    """The people at the `other` end of the follows, newest follow first."""
    part = newest_first(
        shown_follows(person, request.user, other),
        moment="created_at",
        cursor=request.GET.get("after", ""),
        size=PAGE_SIZE,
    )
    people = [getattr(follow, other) for follow in part.rows]
    known = followed(request.user, people)
    items = [PersonItem(other, other.pk in known) for other in people]
    page = Page(items, _next_url(request, part.next_cursor))
    return _render(request, person, page, "accounts/people.html")


def _render(
    request: PageRequest, person: User, page: Page, fragment: str
) -> HttpResponse:
    """The whole page, or for htmx the fragment with the list."""
    view_name = request.resolver_match.view_name  # type: ignore[union-attr]
    context = {"page": page, "person": person, "show_creator": False}
    if request.htmx:
        return render(request, fragment, context)
    return render(
        request, f"accounts/{view_name}.html", _head(request, person) | context
    )


def _head(request: PageRequest, person: User) -> dict[str, Any]:
    """The context of the page's head and tabs, in four queries."""
    stats = figures(person)
    counts = {
        "profile": (stats["videos"], ""),
        "profile_followers": (stats["followers"], f"followers-{person.pk}"),
        "profile_following": (stats["following"], f"following-{person.pk}"),
    }
    names = list(TABS)
    if not shows_follows(person, request.user):
        names = [name for name in names if name not in FOLLOWS]
    current = request.resolver_match.view_name  # type: ignore[union-attr]
    return {
        "person": person,
        "is_following": person.pk in followed(request.user, [person]),
        "stats": stats,
        "tabs": [
            {
                "label": TABS[name],
                "url": reverse(name, args=[person.username]),
                "count": counts.get(name, (None, ""))[0],
                "count_name": counts.get(name, (None, ""))[1],
                "current": name == current,
            }
            for name in names
        ],
    }


def _progress(viewer: User | AnonymousUser, videos: Iterable[Any]) -> dict[int, float]:
    """The fraction watched, by key, of the `videos` that `viewer` has started."""
    if not viewer.is_authenticated:
        return {}
    begun = viewer.engagements.filter(video__in=list(videos), fraction__gt=0)
    return dict(begun.values_list("video_id", "fraction"))


def _next_url(request: PageRequest, cursor: str) -> str:
    return f"{request.path}?after={cursor}" if cursor else ""
