"""Pages of the installation as a whole."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import reswap, retarget, trigger_client_event

from config.runtime import preparation
from rest import proxies
from rest.error_pages import error_response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """`CSRF_FAILURE_VIEW`: what went wrong; to administrators also what to set."""
    proxies.log_foreign_origin(request, reason)
    context = {"origin": proxies.foreign_origin(request, reason)}
    if settings.DEBUG or getattr(request.user, "is_staff", False):
        context |= {"reason": reason, "advice": proxies.origin_advice(request, reason)}
    return render(request, "403_csrf.html", context, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`: a request that Django or a view refuses to read."""
    too_large = isinstance(exception, RequestDataTooBig)
    status = 413 if too_large else 400
    return error_response(request, status, layout="error_base.html")


@never_cache
@require_safe
def preparation_progress(request: HttpRequest) -> HttpResponse:
    """The banner's progress, which asks for itself again; at the end the banner goes.

    `?stage=` is what the banner shows: its title is sent only when that changes, so
    that screen readers hear of each stage once.
    """
    status = preparation.current()
    if status is None:
        response = retarget(reswap(HttpResponse(), "delete"), "#preparation")
        text = "All is prepared. Reload the page to see new videos and recommendations."
        return trigger_client_event(
            response, "toast", {"text": text, "level": "success"}
        )
    context = {
        "status": status,
        "is_new_stage": request.GET.get("stage") != status.stage,
    }
    return render(request, "components/preparation_progress.html", context)
