"""Background tasks of `videos`."""

from __future__ import annotations

import logging

from django.conf import settings
from django_tasks import TaskContext, task

from videos.files import processing, renditions

logger = logging.getLogger(__name__)


@task(takes_context=True)
def process_video(context: TaskContext, video_pk: int) -> None:
    last_attempt = context.attempt >= settings.TASK_MAX_ATTEMPTS
    processing.process(video_pk, last_attempt=last_attempt)


@task()
def make_renditions() -> None:
    """Of thumbnails from before there were any, for half an hour a day."""
    renditions.make_missing(seconds=1800)


@task()
def fetch_video(video_pk: int) -> None:
    from videos.files import fetching  # it imports this module

    if reason := fetching.fetch_video(video_pk):
        logger.info("Video %s stays external: %s", video_pk, reason)
