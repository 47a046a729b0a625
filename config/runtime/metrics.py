"""What a monitor may watch, in Prometheus's text format."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recommender.graph.mirror.health import health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Gauge = tuple[str, str, float]  # name, what it says, value


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """All gauges; for bearers of `METRICS_TOKEN` and for administrators."""
    if not _may_see(request):
        raise Http404
    text = "".join(
        f"# HELP {name} {meaning}\n# TYPE {name} gauge\n{name} {float(value)!r}\n"
        for name, meaning, value in _of_the_mirror()
    )
    return HttpResponse(text, content_type=CONTENT_TYPE)


def _of_the_mirror() -> Iterator[Gauge]:
    found = health()
    yield "graph_mirror_configured", "Whether Neo4j is configured.", found.configured
    yield "graph_mirror_queue", "Changes that wait for the mirror.", found.queue
    lag = found.lag.total_seconds()
    yield "graph_mirror_lag_seconds", "How long the oldest has waited.", lag
    yield "graph_mirror_failing", "Whether the relay fails now.", bool(found.error)
    yield "graph_mirror_differences", "Found when last verified.", found.differences
    for event, meaning, at in (
        (
            "applied",
            "When the mirror was last up to date or brought on.",
            found.applied_at,
        ),
        ("error", "When the relay last failed.", found.failed_at),
        ("verified", "When the mirror was last verified.", found.verified_at),
    ):
        if at is not None:
            yield (
                f"graph_mirror_last_{event}_timestamp_seconds",
                meaning,
                at.timestamp(),
            )


def _may_see(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    if token and secrets.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    user = request.user
    return not isinstance(user, AnonymousUser) and user.is_superuser
