"""Prometheus metrics of the mirror in Neo4j."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from recommender.graph.mirror.health import health


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """All metrics, for clients with `METRICS_TOKEN` and for administrators."""
    if not _is_permitted(request):
        raise Http404
    registry = CollectorRegistry()
    registry.register(MirrorCollector())
    return HttpResponse(
        generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4
    )


class MirrorCollector(Collector):
    """Gauges of the mirror's state; a moment that never was has no gauge."""

    def describe(self) -> list[GaugeMetricFamily]:
        """No names in advance, so that registration does not query the database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        state = health()
        for name, documentation, value in (
            ("configured", "Whether Neo4j is configured.", state.configured),
            ("queue", "Changes that wait for the mirror.", state.queue),
            (
                "lag_seconds",
                "Age of the oldest change that waits.",
                state.lag.total_seconds(),
            ),
            ("failing", "Whether the relay fails now.", bool(state.error)),
            (
                "differences",
                "Differences at the last verification.",
                state.differences,
            ),
        ):
            yield GaugeMetricFamily(f"graph_mirror_{name}", documentation, float(value))
        for event, documentation, at in (
            ("applied", "When the relay last succeeded.", state.applied_at),
            ("error", "When the relay last failed.", state.failed_at),
            ("verified", "When the mirror was last verified.", state.verified_at),
        ):
            if at is not None:
                name = f"graph_mirror_last_{event}_timestamp_seconds"
                yield GaugeMetricFamily(name, documentation, at.timestamp())


def _is_permitted(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    if token and secrets.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    user = request.user
    return not isinstance(user, AnonymousUser) and user.is_superuser
