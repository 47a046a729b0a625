"""Types of requests, and the signed-in user of an API request."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails
from rest_framework.request import Request

from accounts.models import User


class PageRequest(HttpRequest):
    """A request of a page, after the htmx middleware."""

    htmx: HtmxDetails


class MemberRequest(PageRequest):
    """A request of a view behind `login_required`."""

    user: User


def member(request: Request) -> User:
    """The signed-in user; for views that require one by their permissions."""
    assert isinstance(request.user, User)
    return request.user
