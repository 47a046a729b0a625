"""Retries, leases and due jobs for `django-tasks-db`.

A failed task is retried after a growing pause. A worker holds a PostgreSQL advisory
lock, its *lease*, while it lives. If a task is running and the lease of its worker is
free, the worker has crashed, and the task returns to the queue. Due jobs
(`settings.DUE_JOBS`) are enqueued when their last run is older than their interval.
"""

from __future__ import annotations

import logging
import threading
import zlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks.base import Task, TaskResultStatus
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from interactions import advisory_lock

logger = logging.getLogger(__name__)

LEASES = 0x7461736B  # namespace of the advisory locks ("task")
SCHEDULER = 0
KEEP_FINISHED = timedelta(days=14)


def retry_delay(attempt: int) -> timedelta:
    """The pause after failure number `attempt`: 10 s, 40 s, 160 s, ..., at most 1 h."""
    return min(timedelta(seconds=10 * 4 ** (attempt - 1)), timedelta(hours=1))


class RetryingWorker(Worker):
    """A worker that retries a failed task up to `TASK_MAX_ATTEMPTS`."""

    def run_task(self, db_task_result: DBTaskResult[..., Any]) -> None:
        super().run_task(db_task_result)
        attempts = len(db_task_result.worker_ids)
        failed = db_task_result.status == TaskResultStatus.FAILED
        if failed and attempts < settings.TASK_MAX_ATTEMPTS:
            put_back(db_task_result, run_after=timezone.now() + retry_delay(attempts))


class Keeper(threading.Thread):
    """Holds this worker's lease and, once every few seconds, looks after the queue."""

    def __init__(self, *, worker_id: str, interval: float = 5.0) -> None:
        super().__init__(name="keeper", daemon=True)
        self.worker_id = worker_id
        self.interval = interval
        self._stop_asked = threading.Event()
        self.holding = threading.Event()

    def run(self) -> None:
        while not self._stop_asked.is_set():
            try:
                if connection.connection is None:
                    hold_lease(self.worker_id)
                    self.holding.set()
                look_after_queue(self.worker_id)
            except Error:
                logger.exception("Maintenance of the queue failed; trying again")
                connection.close()
            self._stop_asked.wait(self.interval)
        connection.close()

    def stop(self) -> None:
        self._stop_asked.set()
        self.join()


def look_after_queue(worker_id: str) -> None:
    """Reclaim tasks of dead workers, enqueue due jobs, delete old results."""
    with transaction.atomic():
        if not advisory_lock.try_lock_until_commit((LEASES, SCHEDULER)):
            return  # another worker does it now
        reclaim(own_worker_id=worker_id)
        enqueue_due(now=timezone.now())
        prune(now=timezone.now())


def hold_lease(worker_id: str) -> None:
    """Hold the lease for as long as this connection lives."""
    advisory_lock.hold_shared((LEASES, lease_key(worker_id)))


def lease_key(worker_id: str) -> int:
    return zlib.crc32(worker_id.encode()) - 2**31


def reclaim(*, own_worker_id: str) -> int:
    """Requeue tasks of dead workers, or fail those without attempts left.

    Returns the number of tasks of dead workers.
    """
    reclaimed = 0
    for result in DBTaskResult.objects.running().select_for_update(skip_locked=True):
        holder = result.worker_ids[-1]
        if holder == own_worker_id or _lease_is_held(holder):
            continue  # a session's own locks never stand in its way: ask by name
        reclaimed += 1
        if len(result.worker_ids) < settings.TASK_MAX_ATTEMPTS:
            put_back(result, run_after=timezone.now())
        else:
            result.set_failed(RuntimeError("The worker died while running this task."))
    return reclaimed


def _lease_is_held(worker_id: str) -> bool:
    return not advisory_lock.try_lock_until_commit((LEASES, lease_key(worker_id)))


def put_back(result: DBTaskResult[..., Any], *, run_after: datetime) -> None:
    result.status = TaskResultStatus.READY
    result.run_after = run_after
    result.finished_at = None
    result.save(update_fields=["status", "run_after", "finished_at"])


def enqueue_due(*, now: datetime) -> list[str]:
    """Enqueue each due job that is not waiting or running; return their paths."""
    enqueued = []
    for path, interval in settings.DUE_JOBS.items():
        results = DBTaskResult.objects.filter(task_path=path)
        unfinished = [TaskResultStatus.READY, TaskResultStatus.RUNNING]
        if (
            results.filter(status__in=unfinished).exists()
            or results.filter(enqueued_at__gt=now - interval).exists()
        ):
            continue
        job: Task[..., Any] = import_string(path)
        job.enqueue()
        enqueued.append(path)
    return enqueued


def prune(*, now: datetime) -> None:
    """Delete results that neither people nor due jobs need."""
    longest = max(settings.DUE_JOBS.values(), default=timedelta())
    DBTaskResult.objects.finished().filter(
        finished_at__lt=now - max(KEEP_FINISHED, 2 * longest)
    ).delete()
