"""Due jobs of a synthetic site."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

DAILY = timedelta(days=1)


@transaction.atomic
def mark_daily_jobs_done() -> None:
    """Record that the daily jobs ran just now.

    They would find nothing to do on a new site, but a worker that starts for the first
    time would run all of them while the site is measured.
    """
    for path, interval in settings.DUE_JOBS.items():
        if interval < DAILY:
            continue
        import_string(path).enqueue()
        now = timezone.now()
        DBTaskResult.objects.filter(
            task_path=path, status=TaskResultStatus.READY
        ).update(status=TaskResultStatus.SUCCESSFUL, started_at=now, finished_at=now)
