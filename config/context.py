"""Context of every template."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.http import HttpRequest

from config.runtime import preparation
from config.runtime.preparation import Preparation
from rest import proxies


def site(
    request: HttpRequest,
) -> dict[str, str | bool | Callable[[], Preparation | list[str] | None]]:
    return {
        "site_name": settings.SITE_NAME,
        "mail_is_written": settings.LOCAL and not settings.EMAIL_HOST,
        "preparation": preparation.current,  # called by templates that name it
        "proxy_faults": partial(proxies.faults, request),
    }
