"""Pages act for the person they were made for, and show times in their time zone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.requests import PageRequest
from rest.problems import is_api, problem_response

COOKIE = "timezone"  # set by `static/js/time-zone.js`
HEADER = "X-For-User"
OTHER_USER = "You are logged in with another account now. Reload the page."


def same_user(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[PageRequest], HttpResponse]:
    """Refuse a request of a page that was made for another person.

    The scripts of a page send the key of its person in `X-For-User`. What someone does
    or watches in an old tab is then never recorded for who has logged in since. Buttons
    of someone who has logged out lead to the log-in instead.
    """

    def middleware(request: PageRequest) -> HttpResponse:
        made_for, api = request.headers.get(HEADER), is_api(request)
        if made_for in (None, str(request.user.pk)):
            return get_response(request)
        if api:
            return problem_response(409, OTHER_USER)
        if request.user.is_authenticated:
            return HttpResponse(OTHER_USER, status=409, content_type="text/plain")
        return get_response(request)

    return middleware


class UseTimeZone:
    """Pages show times in the zone of the member. The API answers in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Public files ask for no person: caches share them.
        if is_api(request) or request.path.startswith(settings.MEDIA_URL):
            return self.get_response(request)
        with timezone.override(_zone(request)):
            return self.get_response(request)


def _zone(request: HttpRequest) -> Any:
    """None, which is UTC, for visitors: caches may share their pages."""
    if not request.user.is_authenticated:
        return None
    name = request.user.time_zone or request.COOKIES.get(COOKIE, "")
    return ZoneInfo(name) if name in available_timezones() else None
