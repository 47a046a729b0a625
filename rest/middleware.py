"""What every request goes through before and after its view."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from rest import proxies
from rest.error_pages import PAGES, error_response
from rest.problems import is_api
from rest.texts import is_unstorable

GetResponse = Callable[[HttpRequest], HttpResponseBase]
LENGTH_DIGITS = 18  # of a Content-Length


class RefuseUnreadable:
    """Refuses requests that no part of the platform could read.

    A body of unknown length is one: WSGI gives none, so that the view would see an
    empty form. The web processes tell the length of what they received in chunks. NUL
    is no character of PostgreSQL's texts: in a header the request is refused, a cookie
    with it (`"\\000"`) is ignored. So is htmx's address of the page if it is none.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        length = meta.get("CONTENT_LENGTH") or ""
        if "HTTP_TRANSFER_ENCODING" in meta and not length:
            return error_response(request, 411, layout="error_base.html")
        if length and not (length.isdecimal() and len(length) <= LENGTH_DIGITS):
            return error_response(request, 400, layout="error_base.html")
        if any("\0" in str(meta[name]) for name in meta if name.startswith("HTTP_")):
            return error_response(request, 400, layout="error_base.html")
        if not _is_address(meta.get("HTTP_HX_CURRENT_URL", "")):
            del meta["HTTP_HX_CURRENT_URL"]
        if any("\0" in value for value in request.COOKIES.values()):
            request.COOKIES = {
                name: value
                for name, value in request.COOKIES.items()
                if "\0" not in value
            }
        return self.get_response(request)


def _is_address(text: str) -> bool:
    """Whether it can be split, as it is and as django-htmx decodes it."""
    try:
        return bool(urlsplit(text) and urlsplit(unquote(text)))
    except ValueError:
        return False


class NoticeProxies:
    """Logs once what does not fit between a proxy and the settings.

    Addresses that not all trusted proxies have passed on are ignored: then that of the
    last proxy counts.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        proxies.log_faults(request)
        if proxies.are_too_few(request):
            del request.META["HTTP_X_FORWARDED_FOR"]
        return self.get_response(request)


class ErrorPages:
    """Gives a page to answers of views that have only a status, such as a 405, and to
    requests with a text that PostgreSQL cannot hold."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if (
            response.status_code not in PAGES
            or not isinstance(response, HttpResponse)
            or response.content
            or is_api(request)
        ):
            return response
        page = error_response(request, response.status_code)
        if "Allow" in response:
            page["Allow"] = response["Allow"]
        return page

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not is_unstorable(exception):
            return None
        return error_response(request, 400)
