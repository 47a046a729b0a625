"""Views of each video, and impressions of new ones, counted every few minutes.

Feeds read these counts; no request counts views itself.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from interactions.models import Impression, Watch
from recommender.models import ViewCounts

DAY, WEEK, MONTH = timedelta(days=1), timedelta(days=7), timedelta(days=28)
BATCH = 2000


@transaction.atomic
def update() -> int:
    """Count again; returns how many videos have counts."""
    now = timezone.now()
    views = (
        Watch.objects.filter(counted=True, repeated=False, timestamp__gte=now - MONTH)
        .order_by()
        .values_list("video_id")
        .annotate(
            day=Count("pk", filter=Q(timestamp__gte=now - DAY)),
            week=Count("pk", filter=Q(timestamp__gte=now - WEEK)),
            month=Count("pk"),
        )
    )
    # A watch has the feed_id of the impression that led to it. Visitors have none.
    led_to = Watch.objects.filter(
        user=OuterRef("user"),
        video=OuterRef("video"),
        feed_id=OuterRef("feed_id"),
        counted=True,
    )
    new_videos = (
        Impression.objects.filter(
            user__isnull=False,
            video__published_at__gte=now - settings.EXPLORE_MAX_AGE,
        )
        .annotate(led_to_view=Exists(led_to))
        .values_list("video_id")
        .annotate(
            impressions=Count("pk"), engaged=Count("pk", filter=Q(led_to_view=True))
        )
    )
    counts = {
        video: ViewCounts(video_id=video, day=day, week=week, month=month)
        for video, day, week, month in views
    }
    for video, impressions, engaged in new_videos:
        row = counts.setdefault(video, ViewCounts(video_id=video))
        row.impressions, row.engaged = impressions, engaged
    ViewCounts.objects.all().delete()
    ViewCounts.objects.bulk_create(counts.values(), batch_size=BATCH)
    return len(counts)
