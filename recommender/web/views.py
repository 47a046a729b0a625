"""The feed pages. The same address gives the page or, to htmx, its fragment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, TypedDict
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.moods import Mood
from accounts.requests import PageRequest
from accounts.services import set_mood
from recommender import feed
from recommender.feed import FeedPage
from recommender.feeds.types import FOR_YOU, AnyCategory
from recommender.web.explore.tabs import tabs
from rest.methods import posted_from
from videos.access import category_by_slug, visible_video
from videos.models import Category, ParentCategory

# What the addresses of the pages call an order, and the strategy that it is.
FOLLOWING = {"newest": "following", "ranked": FOR_YOU}
CATEGORY = {"ranked": FOR_YOU, "newest": "newest"}


class Chip(TypedDict):
    label: str
    url: str
    current: bool
    icon: str


@require_safe
@vary_on_headers("HX-Request")
def home(request: PageRequest) -> HttpResponse:
    slug = request.GET.get("category", "")
    chosen = category_by_slug(slug) if slug else None
    mood = _mood(request)
    page = feed.home(request.user, category=chosen, mood=mood, cursor=_cursor(request))
    parents = list(ParentCategory.objects.all())
    if request.user.is_authenticated:
        picked = set(
            request.user.parent_category_interests.values_list("pk", flat=True)
        )
        parents.sort(key=lambda parent: parent.pk not in picked)
    chips = [_chip("For you" if request.user.is_authenticated else "All", request)]
    if isinstance(chosen, Category):
        chips.append(_chip(chosen.name, request, chosen))
    chips += [_chip(parent.name, request, parent) for parent in parents]
    context = {"chips": chips, "chosen": chosen, "moods": Mood, "mood": mood}
    return _answer(request, "home", page, context, {"category": slug})


@posted_from("home")
def pick_mood(request: PageRequest) -> HttpResponse:
    """Follow a mood from now on, or none; Home then begins with it."""
    mood = request.POST.get("mood", "")
    if mood and mood not in Mood:
        raise Http404(f"There is no mood “{mood}”.")
    if request.user.is_authenticated:
        set_mood(user=request.user, mood=mood)
    else:
        request.session["mood"] = mood
    answer = redirect(_home_as_it_is(request))
    answer.status_code = HTTPStatus.SEE_OTHER
    return answer


@require_safe
@login_required
@vary_on_headers("HX-Request")
def following(request: PageRequest) -> HttpResponse:
    assert request.user.is_authenticated
    sort = _choice(request, "sort", tuple(FOLLOWING))
    page = feed.following(
        request.user, strategy=FOLLOWING[sort], cursor=_cursor(request)
    )
    context: dict[str, Any] = {
        "chips": [
            _sort_chip("Newest", request, "newest", sort),
            _sort_chip("For you", request, "ranked", sort),
        ],
    }
    if not page.items:
        context["follows"] = request.user.following.exists()
    return _answer(request, "following", page, context, {"sort": sort})


@require_safe
@vary_on_headers("HX-Request")
def explore(request: PageRequest) -> HttpResponse:
    sort = _choice(request, "sort", ("trending", "newest"))
    page = feed.explore(request.user, strategy=sort, cursor=_cursor(request))
    context = {
        "tabs": tabs("explore"),
        "parents": ParentCategory.objects.all(),
        "chips": [
            _sort_chip("Trending", request, "trending", sort),
            _sort_chip("New", request, "newest", sort),
        ],
    }
    return _answer(request, "explore", page, context, {"sort": sort})


@require_safe
@vary_on_headers("HX-Request")
def category(request: PageRequest, slug: str) -> HttpResponse:
    """A category, or a parent category with its categories as chips."""
    subject = category_by_slug(slug)
    sort = _choice(request, "sort", tuple(CATEGORY))
    page = feed.category(
        request.user, subject, strategy=CATEGORY[sort], cursor=_cursor(request)
    )
    parent = subject.parent_category if isinstance(subject, Category) else subject
    context = {
        "category": subject,
        "parent": parent,
        "siblings": parent.categories.all(),
        "chips": [
            _sort_chip("Top", request, "ranked", sort),
            _sort_chip("New", request, "newest", sort),
        ],
    }
    return _answer(request, "category", page, context, {"sort": sort})


@require_safe
@vary_on_headers("HX-Request")
def related(request: PageRequest, video_id: str) -> HttpResponse:
    """The rail beside a video, which the video's page asks for."""
    video = visible_video(request.user, video_id)
    page = feed.related(request.user, video, cursor=_cursor(request))
    return _answer(request, "related", page, {"video": video}, {})


def _answer(
    request: PageRequest,
    name: str,
    page: FeedPage,
    context: Mapping[str, Any],
    parameters: Mapping[str, str],
) -> HttpResponse:
    """`NAME.html`, or to htmx `NAME_feed.html`; `parameters` go into the next page."""
    if page.next_cursor:
        asked = {name: value for name, value in parameters.items() if value}
        query = urlencode(asked | {"cursor": page.next_cursor})
        page = replace(page, next_url=f"{request.path}?{query}")
    partial = _is_partial(request)
    template = (
        f"recommender/{name}_feed.html" if partial else f"recommender/{name}.html"
    )
    response = render(request, template, {**context, "page": page})
    if partial and page.restarted:
        # "Load more" on an aged list: the fresh one takes the place of all of it.
        target = "#related" if name == "related" else "#feed"
        response["HX-Retarget"] = response["HX-Reselect"] = target
        response["HX-Reswap"] = "outerHTML"
    return response


def _is_partial(request: PageRequest) -> bool:
    return bool(request.htmx) and not request.htmx.history_restore_request


def _choice(request: PageRequest, name: str, choices: tuple[str, ...]) -> str:
    """The parameter's value, by default the first choice."""
    value = request.GET.get(name) or choices[0]
    if value not in choices:
        raise Http404(f"“{name}” may be {' or '.join(choices)}, not “{value}”.")
    return value


def _mood(request: PageRequest) -> str:
    """The mood that was picked: by a user for good, by a visitor for the session."""
    if request.user.is_authenticated:
        return request.user.mood
    mood: str = request.session.get("mood", "")
    return mood if mood in Mood else ""


def _home_as_it_is(request: PageRequest) -> str:
    """Home's address, with the category of the current page."""
    current, home = request.htmx.current_url_abs_path or "", reverse("home")
    return current if urlsplit(current).path == home else home


def _cursor(request: PageRequest) -> str:
    return request.GET.get("cursor", "")


def _chip(
    label: str, request: PageRequest, category: AnyCategory | None = None
) -> Chip:
    slug = category.slug if category else ""
    query = f"?{urlencode({'category': slug})}" if slug else ""
    return {
        "label": label,
        "url": request.path + query,
        "current": request.GET.get("category", "") == slug,
        "icon": category.icon if category else "",
    }


def _sort_chip(label: str, request: PageRequest, sort: str, current: str) -> Chip:
    return {
        "label": label,
        "url": f"{request.path}?{urlencode({'sort': sort})}",
        "current": sort == current,
        "icon": "",
    }
