"""Background work on videos."""

from __future__ import annotations

from django_tasks import task

from videos import processing


@task()
def process_video(video_pk: int) -> None:
    processing.process(video_pk)
