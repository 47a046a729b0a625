"""Proxies in front of the site: what they send, and settings that do not fit it."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

logger = logging.getLogger(__name__)

_logged: set[str] = set()  # the faults that this process has logged


def faults(request: HttpRequest) -> list[str]:
    """What is wrong between the proxy that sent `request` and the settings."""
    found = [_addresses(request), _scheme(request)]
    return [fault for fault in found if fault]


def log_faults(request: HttpRequest) -> None:
    """Log each fault once in this process: any client can cause them."""
    for fault in faults(request):
        if fault not in _logged:
            _logged.add(fault)
            logger.warning(fault)


def are_too_few(request: HttpRequest) -> bool:
    """Whether X-Forwarded-For has fewer addresses than there are trusted proxies."""
    forwarded: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
    trusted: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    return bool(forwarded) and len(forwarded.split(",")) < trusted


def _addresses(request: HttpRequest) -> str:
    trusted: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if forwarded and not trusted:
        return (
            "X-Forwarded-For arrives, but TRUSTED_PROXY_COUNT is 0: all visitors "
            "behind the proxy share its address, and with it the limits on requests "
            "and log-in attempts. Set TRUSTED_PROXY_COUNT to the number of proxies."
        )
    if are_too_few(request):
        return (
            f"X-Forwarded-For has fewer than {trusted} addresses, the number of "
            "TRUSTED_PROXY_COUNT, so it is ignored. Set TRUSTED_PROXY_COUNT to the "
            "number of your proxies, and let nobody reach the site around them."
        )
    others = {"HTTP_FORWARDED": "Forwarded", "HTTP_X_REAL_IP": "X-Real-IP"}
    other = next((others[name] for name in others if name in request.META), "")
    if other and not forwarded:
        return (
            f"{other} arrives without X-Forwarded-For, which alone is read: all "
            "visitors behind the proxy share one limit. Let the proxy send "
            "X-Forwarded-For, and set TRUSTED_PROXY_COUNT to the number of proxies."
        )
    return ""


def _scheme(request: HttpRequest) -> str:
    scheme = request.META.get("HTTP_X_FORWARDED_PROTO", "")
    if scheme == "https" and not settings.HTTPS:
        return (
            "X-Forwarded-Proto says https, but HTTPS is not set: cookies are not "
            "restricted to TLS, links begin with http, and browsers' forms are "
            "refused. Set HTTPS=1."
        )
    return ""


def foreign_origin(request: HttpRequest, reason: str) -> str:
    """The origin of a form, where `reason` says that it is not the site's own."""
    if "does not match any trusted origins" not in reason:
        return ""
    if origin := request.META.get("HTTP_ORIGIN", ""):
        return str(origin)
    try:
        scheme, host, *_ = urlsplit(request.META.get("HTTP_REFERER", ""))
    except ValueError:
        return ""
    return f"{scheme}://{host}"


def origin_advice(request: HttpRequest, reason: str) -> str:
    """What an administrator can do if the foreign origin is the site itself."""
    origin, host = foreign_origin(request, reason), request.get_host()
    if not origin:
        return ""
    advice = (
        f"A form came from {origin}, and the request arrived for "
        f"{request.scheme}://{host}. If {origin} is an address of this site, let the "
        "proxy pass the Host header with its port (nginx: proxy_set_header Host "
        f"$http_host), or set CSRF_TRUSTED_ORIGINS={origin}"
    )
    if origin.startswith("https:") and not settings.HTTPS:
        advice += " If the proxy terminates TLS, set HTTPS=1."
    return advice


def log_foreign_origin(request: HttpRequest, reason: str) -> None:
    """Log why a form was refused, with the value to set."""
    if advice := origin_advice(request, reason):
        logger.warning(advice)
