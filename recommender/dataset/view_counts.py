"""How many watch each video, and how new ones are taken up, counted now and then.

Feeds read the counts with what else they need of a video: none of them counts.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from interactions.models import Impression, Watch
from recommender.models import Audience

DAY, WEEK, MONTH = timedelta(days=1), timedelta(days=7), timedelta(days=28)
BATCH = 2000


@transaction.atomic
def count() -> int:
    """Count anew; returns how many videos have an audience."""
    now = timezone.now()
    views = (
        Watch.objects.filter(counted=True, timestamp__gte=now - MONTH)
        .order_by()
        .values_list("video_id")
        .annotate(
            day=Count("pk", filter=Q(timestamp__gte=now - DAY)),
            week=Count("pk", filter=Q(timestamp__gte=now - WEEK)),
            month=Count("pk"),
        )
    )
    # A watch joins the impression that led to it; visitors' watches join nothing.
    led_to = Watch.objects.filter(
        user=OuterRef("user"),
        video=OuterRef("video"),
        feed_id=OuterRef("feed_id"),
        counted=True,
    )
    tried = (
        Impression.objects.filter(
            user__isnull=False,
            video__published_at__gte=now - settings.EXPLORE_MAX_AGE,
        )
        .annotate(led_to_view=Exists(led_to))
        .values_list("video_id")
        .annotate(shown=Count("pk"), engaged=Count("pk", filter=Q(led_to_view=True)))
    )
    found = {
        video: Audience(video_id=video, day=day, week=week, month=month)
        for video, day, week, month in views
    }
    for video, shown, engaged in tried:
        audience = found.setdefault(video, Audience(video_id=video))
        audience.impressions, audience.engaged = shown, engaged
    Audience.objects.all().delete()
    Audience.objects.bulk_create(found.values(), batch_size=BATCH)
    return len(found)
