"""Search: videos by full text, and people by name."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.requests import PageRequest
from videos import search as full_text
from videos.cards import Page, cards, next_url
from videos.forms import SearchForm
from videos.models import ParentCategory, Video
from videos.progress import progress_of
from videos.querysets import VideoQuerySet

PAGE_SIZE = 20
MAX_RESULTS = 400
PEOPLE = 6


@require_safe
def search(request: PageRequest) -> HttpResponse:
    form = SearchForm(request.GET)
    form.is_valid()  # invalid filters are ignored
    filters = form.cleaned_data
    text = filters.get("q", "").replace("\x00", "")
    offset = _offset(request.GET.get("from", ""))
    page = Page([])
    people: list[User] = []
    if text:
        videos = _ordered(_filtered(full_text.matching(_all(), text), filters), filters)
        rows = list(videos[offset : offset + PAGE_SIZE + 1])
        following = offset + PAGE_SIZE
        more = len(rows) > PAGE_SIZE and following < MAX_RESULTS
        page = Page(
            cards(rows[:PAGE_SIZE], progress_of(request.user, rows)),
            next_url(request, **{"from": str(following) if more else ""}),
        )
        if not offset:
            people = list(_people(text))
    context = {
        "form": form,
        "text": text,
        "page": page,
        "people": people,
        "filtered": any(filters.get(n) for n in ("category", "duration", "age")),
    }
    if not page.items:
        context["suggestions"] = ParentCategory.objects.annotate(
            size=Count("videos")
        ).order_by("-size", "name")[:8]
    return render(request, "videos/search.html", context)


def _all() -> VideoQuerySet:
    return Video.objects.listed().for_cards("description")


def _filtered(videos: VideoQuerySet, filters: dict[str, Any]) -> VideoQuerySet:
    if category := filters.get("category"):
        videos = videos.within(category)
    return videos.lasting(filters.get("duration", "")).published_within(
        filters.get("age", "")
    )


def _ordered(videos: VideoQuerySet, filters: dict[str, Any]) -> VideoQuerySet:
    by = {"newest": ["-published_at"], "views": ["-views"]}.get(
        str(filters.get("sort")), ["-rank", "-engagement"]
    )
    return videos.order_by(*by, "-pk")


def _people(text: str) -> QuerySet[User]:
    """Creators with `text` in their name; e-mail addresses are not searched."""
    return (
        User.objects.filter(is_active=True)
        .filter(
            Q(username__icontains=text)
            | Q(first_name__icontains=text)
            | Q(last_name__icontains=text)
        )
        .filter(videos__in=Video.objects.listed())
        .annotate(size=Count("followers", distinct=True))
        .order_by("-size", "username")[:PEOPLE]
    )


def _offset(value: str) -> int:
    return min(int(value), MAX_RESULTS) if value.isdecimal() else 0
