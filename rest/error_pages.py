"""Answers to requests that no view takes: pages, and problems for API clients."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from rest.problems import is_api, problem_response

# The heading and the text of each page.
PAGES = {
    400: (
        "This request cannot be read",
        "Its address or form holds something that this site cannot work with. Go back "
        "and try again.",
    ),
    405: (
        "This address cannot be opened",
        "It belongs to a button or a form. Go back to the page that has it.",
    ),
    411: (
        "The size of the upload is missing",
        "The program that sent it, or a proxy on the way, left out Content-Length. "
        "Send the request with its length.",
    ),
    413: (
        "This is too large",
        "The form holds more than this site takes. Shorten its texts, or choose a "
        "smaller file.",
    ),
    415: (
        "This kind of content is not taken here",
        "Go back and send the form from its page.",
    ),
}


def error_response(
    request: HttpRequest, status: int, *, layout: str = "base.html"
) -> HttpResponse:
    """The page of `status`, or under `/api/` the problem.

    Without a session and a user the `layout` has to be `error_base.html`.
    """
    title, text = PAGES[status]
    if is_api(request):
        return problem_response(status, f"{title}. {text}")
    context = {"layout": layout, "status": status, "title": title, "text": text}
    return render(request, "error.html", context, status=HTTPStatus(status))
