"""Background work on videos."""

from __future__ import annotations

from django.conf import settings
from django_tasks import TaskContext, task

from videos import processing


@task(takes_context=True)
def process_video(context: TaskContext, video_pk: int) -> None:
    last_attempt = context.attempt >= settings.TASK_MAX_ATTEMPTS
    processing.process(video_pk, last_attempt=last_attempt)
