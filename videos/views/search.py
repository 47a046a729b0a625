"""Search: videos by full text, and people by name."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.requests import PageRequest
from videos.cards import Page, cards, next_url
from videos.forms import SearchForm
from videos.models import ParentCategory, Video
from videos.progress import progress_of
from videos.querysets import VideoQuerySet, with_size
from videos.search import search_page

PAGE_SIZE = 20
PEOPLE = 6
NAMED = 60  # people whose followers are counted


@require_safe
def search(request: PageRequest) -> HttpResponse:
    form = SearchForm(request.GET)
    form.is_valid()  # invalid filters are ignored
    filters = form.cleaned_data
    text = filters.get("q", "").replace("\x00", "")
    cursor = request.GET.get("after", "")
    page = Page([])
    people: list[User] = []
    if text:
        part = search_page(
            _filtered(Video.objects.listed().for_cards("description"), filters),
            text=text,
            sort=filters.get("sort", ""),
            cursor=cursor,
            size=PAGE_SIZE,
        )
        page = Page(
            cards(part.rows, progress_of(request.user, part.rows)),
            next_url(request, after=part.next_cursor),
        )
        if not cursor:
            people = list(_people(text))
    context = {
        "form": form,
        "text": text,
        "page": page,
        "people": people,
        "filtered": any(filters.get(n) for n in ("category", "duration", "age")),
    }
    if not page.items:
        sized = with_size(ParentCategory.objects.all())
        context["suggestions"] = sized.order_by("-size", "name")[:8]
    return render(request, "videos/search.html", context)


def _filtered(videos: VideoQuerySet, filters: dict[str, Any]) -> VideoQuerySet:
    if category := filters.get("category"):
        videos = videos.within(category)
    return videos.lasting(filters.get("duration", "")).published_within(
        filters.get("age", "")
    )


def _people(text: str) -> QuerySet[User]:
    """Creators with `text` in their name; e-mail addresses are not searched.

    The most followed ones of some: a name may be that of any number of people.
    """
    named = (
        Q(username__icontains=text)
        | Q(first_name__icontains=text)
        | Q(last_name__icontains=text)
    )
    listed = Video.objects.listed().filter(creator=OuterRef("pk"))
    some = User.objects.filter(named, Exists(listed), is_active=True)
    keys = list(some.order_by("pk").values_list("pk", flat=True)[:NAMED])
    return (
        User.objects.filter(pk__in=keys)
        .annotate(size=Count("followers"))
        .order_by("-size", "username")[:PEOPLE]
    )
