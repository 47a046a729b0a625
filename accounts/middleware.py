"""Pages that stay open while another person logs in act for nobody else."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.requests import PageRequest
from rest.problems import is_api, problem_response

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
