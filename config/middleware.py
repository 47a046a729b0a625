"""What every response gets: who may keep it, and compression."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_cache_control

TEXTS = ("text/", "application/json", "application/problem+json", "application/vnd.oai")


def private_by_default(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """No cache keeps the pages of a member, and shared caches keep no page.

    A view that sets `Cache-Control` decides for itself.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if "Cache-Control" not in response:
            user = getattr(request, "user", None)  # none after an early refusal
            is_member = user is not None and user.is_authenticated
            no = {"no_store": True} if is_member else {"no_cache": True}
            patch_cache_control(response, private=True, **no)
        return response

    return middleware


class CompressTexts(GZipMiddleware):
    """Compress pages and JSON, with padding of random length against BREACH.

    Files stay as they are: ranges count their bytes, and most are compressed already.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        is_text = response.get("Content-Type", "").startswith(TEXTS)
        if response.streaming or not is_text:
            return response
        return super().process_response(request, response)
