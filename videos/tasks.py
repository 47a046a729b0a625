"""Background tasks of `videos`."""

from __future__ import annotations

import logging

from django.conf import settings
from django_tasks import TaskContext, task

from videos.files import processing

logger = logging.getLogger(__name__)


@task(takes_context=True)
def process_video(context: TaskContext, video_pk: int) -> None:
    last_attempt = context.attempt >= settings.TASK_MAX_ATTEMPTS
    processing.process(video_pk, last_attempt=last_attempt)


@task()
def fetch_video(video_pk: int) -> None:
    from videos.files import fetching  # it imports this module

    if reason := fetching.fetch_video(video_pk):
        logger.info("Video %s stays external: %s", video_pk, reason)
