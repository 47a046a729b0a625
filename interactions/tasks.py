"""Background work on what people do."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from imports.socialverse.run import client_from_settings, run
from interactions.api.serializers import OLDEST
from interactions.models import Event, Impression
from interactions.services import aggregates


@task()
def forget_events() -> int:
    """Drop ids of events too old to be sent again; return how many."""
    before = timezone.now() - OLDEST - timedelta(days=1)
    return Event.objects.filter(received_at__lt=before).delete()[0]


@task()
def forget_impressions() -> int:
    """Drop impressions that nothing learns from any more; return how many."""
    before = timezone.now() - settings.IMPRESSIONS_KEPT
    return Impression.objects.filter(created_at__lt=before).delete()[0]


@task()
def sum_up_again() -> None:
    """Counters, engagements and interests anew from the rows."""
    aggregates.rebuild()


@task()
def refresh_socialverse() -> None:
    """Read what is new at the source; a page that failed is where a retry goes on."""
    run(client=client_from_settings())
