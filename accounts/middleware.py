"""The time zone of a person: chosen in the settings, or that of their browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from rest.problems import is_api

COOKIE = "timezone"  # set by `static/js/time-zone.js`


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
