"""What a request is and holds: typed, and checked."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails
from rest_framework.request import Request
from rest_framework.serializers import Serializer

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


def body(request: Request, form: type[Serializer[Any]]) -> dict[str, Any]:
    """What was sent, as `form` has it; raises DRF's `ValidationError`."""
    return _checked(form, request.data)


def query(request: Request, form: type[Serializer[Any]]) -> dict[str, Any]:
    """What stands in the address, as `body`."""
    return _checked(form, request.query_params.dict())


def _checked(form: type[Serializer[Any]], data: Any) -> dict[str, Any]:
    sent = form(data=data)
    sent.is_valid(raise_exception=True)
    return dict(sent.validated_data)
