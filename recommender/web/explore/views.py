"""The pages of people to follow and of the taste map."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.requests import PageRequest
from recommender.web.explore import people, taste_map
from recommender.web.explore.people import Suggestion
from recommender.web.explore.tabs import tabs

MOST_PEOPLE = 24  # on the page
FEW_PEOPLE = 6  # in the strip above another page's list


@dataclass(frozen=True)
class People:
    """A page of people, as lists take it: there is never a next one."""

    items: list[Suggestion]
    next_url: str = ""


@require_safe
@vary_on_headers("HX-Request")
def explore_people(request: PageRequest) -> HttpResponse:
    """People to follow; to htmx a strip of a few, for pages about something else."""
    limit = FEW_PEOPLE if request.htmx else MOST_PEOPLE
    page = People(people.to_follow(request.user, limit=limit))
    if request.htmx:
        return render(request, "recommender/people_strip.html", {"page": page})
    context = {"page": page, "tabs": tabs("explore_people")}
    return render(request, "recommender/people.html", context)


@require_safe
def taste_map_page(request: HttpRequest) -> HttpResponse:
    """Around `?video=`, `?person=`, or by default the visitor."""
    drawn = taste_map.asked_for(
        request.user,
        video_id=request.GET.get("video", ""),
        username=request.GET.get("person", ""),
    )
    context = {
        "map": drawn,
        "links": [asdict(link) for link in drawn.links] if drawn else [],
        "tabs": tabs("taste_map"),
    }
    return render(request, "recommender/taste_map.html", context)
