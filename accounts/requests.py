"""What the middleware makes of a request, for type checkers."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails
from rest_framework.request import Request

from accounts.models import User


class PageRequest(HttpRequest):
    htmx: HtmxDetails


class MemberRequest(PageRequest):
    """Of a view behind `login_required`."""

    user: User


def member(request: Request) -> User:
    """Who asks, in a view of the API that is for people who are signed in."""
    assert isinstance(request.user, User)
    return request.user
