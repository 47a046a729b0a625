"""Background tasks of `interactions`."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks import task

from interactions.api.serializers import OLDEST
from interactions.models import Event, Impression
from interactions.services import aggregates


@task()
def forget_events() -> int:
    """Delete ids of events that are too old to be retried; return how many."""
    before = timezone.now() - OLDEST - timedelta(days=1)
    return Event.objects.filter(received_at__lt=before).delete()[0]


@task()
def forget_impressions() -> int:
    """Delete impressions older than `IMPRESSIONS_KEPT`; return how many."""
    before = timezone.now() - settings.IMPRESSIONS_KEPT
    return Impression.objects.filter(created_at__lt=before).delete()[0]


@task()
def sum_up_again() -> None:
    """Recompute counters, engagements and interests."""
    aggregates.rebuild()


@task()
def refresh_socialverse() -> None:
    """Import what is new at the source; a retry goes on from the page that failed.

    Queued tasks name this path, while the import is in an app above: settings name it.
    """
    import_string(settings.SOCIALVERSE_REFRESH)()
