"""Addresses of forms, which are only posted to."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.shortcuts import resolve_url

View = Callable[..., HttpResponse]


def posted_from(page: str | Callable[..., Any]) -> Callable[[View], View]:
    """A view that takes POST alone; who opens its address is led to the `page`.

    `page` is the name of a URL with the same arguments, or a function that gets the
    request and the arguments and returns what `resolve_url` takes.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def posted(request: HttpRequest, /, **arguments: Any) -> HttpResponse:
            if request.method == "POST":
                return view(request, **arguments)
            if request.method not in ("GET", "HEAD"):
                return HttpResponseNotAllowed(["POST"])
            if callable(page):
                return HttpResponseRedirect(resolve_url(page(request, **arguments)))
            return HttpResponseRedirect(resolve_url(page, **arguments))

        return posted

    return decorate
