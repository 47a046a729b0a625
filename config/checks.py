"""System checks of settings for proxies; the web processes log them at their start."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register, run_checks

PROXIES = "proxies"
logger = logging.getLogger(__name__)


@register(PROXIES)
def proxies_are_counted(**options: Any) -> list[CheckMessage]:
    """HTTPS and X_ACCEL_REDIRECT both say that there is a proxy."""
    told = [name for name in ("HTTPS", "X_ACCEL_REDIRECT") if getattr(settings, name)]
    if not told or settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        return []
    return [
        Warning(
            f"{told[0]} is set, so a proxy is in front of the site, but "
            "TRUSTED_PROXY_COUNT is 0: all visitors share its address, and with it the "
            "limits on requests and log-in attempts.",
            hint="Set TRUSTED_PROXY_COUNT to the number of your proxies.",
            id="config.W001",
        )
    ]


@register(PROXIES)
def https_is_told(**options: Any) -> list[CheckMessage]:
    if settings.HTTPS or not settings.SITE_URL.startswith("https:"):
        return []
    return [
        Warning(
            "SITE_URL begins with https, but HTTPS is not set: cookies are not "
            "restricted to TLS, and browsers' forms are refused.",
            hint="Set HTTPS=1.",
            id="config.W002",
        )
    ]


def log_warnings() -> None:
    """For the web processes, which run no command that would print them."""
    for message in run_checks(tags=[PROXIES]):
        logger.warning("%s %s", message.msg, message.hint)
