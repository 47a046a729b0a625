"""Retries, leases and due jobs, on a real queue in PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from config.runtime import worker
from interactions import advisory_lock

pytestmark = pytest.mark.django_db(transaction=True)

calls: list[str] = []


@task()
def note(word: str) -> None:
    calls.append(word)


@task()
def fail() -> None:
    calls.append("fail")
    raise ValueError("as always")


@pytest.fixture(autouse=True)
def _queue(settings) -> None:
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}
    }
    settings.DUE_JOBS = {}
    calls.clear()


def run_batch(worker_id: str = "me") -> None:
    worker.RetryingWorker(
        queue_names=["*"],
        excluded_queue_names=[],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=worker_id,
    ).run()


@contextmanager
def lease_held_elsewhere(worker_id: str) -> Iterator[None]:
    """Another session, as another worker process has, that holds a lease."""
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        worker.hold_lease(worker_id)
        held.set()
        release.wait()
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    yield
    release.set()
    thread.join()
    # The server ends the session, and with it the lease, shortly after the close.
    while advisory_lock.is_held((worker.LEASES, worker.lease_key(worker_id))):
        time.sleep(0.01)


def test_task_runs_once() -> None:
    note.enqueue("hello")
    run_batch()
    run_batch()
    assert calls == ["hello"]


def test_failed_task_is_tried_again_after_a_pause_until_attempts_are_used_up(
    settings,
) -> None:
    settings.TASK_MAX_ATTEMPTS = 2
    fail.enqueue()
    run_batch()
    result = DBTaskResult.objects.get()
    assert result.status == TaskResultStatus.READY
    pause = result.run_after - timezone.now()
    assert timedelta(seconds=8) < pause <= timedelta(seconds=10)
    run_batch()
    assert calls == ["fail"], "not before the pause is over"

    DBTaskResult.objects.update(run_after=timezone.now())
    run_batch()
    result.refresh_from_db()
    assert calls == ["fail", "fail"]
    assert result.status == TaskResultStatus.FAILED
    assert "as always" in result.traceback


def test_retry_delay_grows_to_an_hour() -> None:
    delays = [worker.retry_delay(n).total_seconds() for n in (1, 2, 3, 4, 10)]
    assert delays == [10, 40, 160, 640, 3600]


def test_task_of_a_dead_worker_goes_back_to_the_queue() -> None:
    note.enqueue("again")
    DBTaskResult.objects.get().claim("dead")
    worker.look_after_queue("me")
    run_batch()
    assert calls == ["again"]


def test_task_of_a_living_worker_is_left_alone() -> None:
    note.enqueue("mine")
    DBTaskResult.objects.get().claim("alive")
    with lease_held_elsewhere("alive"):
        worker.look_after_queue("me")
        assert DBTaskResult.objects.get().status == TaskResultStatus.RUNNING
    worker.look_after_queue("me")
    assert DBTaskResult.objects.get().status == TaskResultStatus.READY


def test_own_running_task_is_left_alone() -> None:
    note.enqueue("mine")
    DBTaskResult.objects.get().claim("me")
    worker.hold_lease("me")
    worker.look_after_queue("me")
    assert DBTaskResult.objects.get().status == TaskResultStatus.RUNNING
    connection.close()


def test_task_that_kills_every_worker_fails_in_the_end(settings) -> None:
    settings.TASK_MAX_ATTEMPTS = 2
    note.enqueue("poison")
    for name in ("first", "second"):
        DBTaskResult.objects.get().claim(name)
        worker.look_after_queue("me")
    result = DBTaskResult.objects.get()
    assert result.status == TaskResultStatus.FAILED
    assert "died" in result.traceback


def test_due_job_is_enqueued_once_an_interval(settings) -> None:
    path = f"{__name__}.note"
    settings.DUE_JOBS = {path: timedelta(hours=1)}
    now = timezone.now()
    assert worker.enqueue_due(now=now) == [path]
    assert worker.enqueue_due(now=now) == [], "one is waiting"
    DBTaskResult.objects.get().set_successful(None)
    assert worker.enqueue_due(now=now + timedelta(minutes=59)) == []
    assert worker.enqueue_due(now=now + timedelta(minutes=61)) == [path]


def test_old_results_are_dropped() -> None:
    for word in ("old", "new"):
        note.enqueue(word)
    run_batch()
    old, new = DBTaskResult.objects.order_by("enqueued_at")
    DBTaskResult.objects.filter(pk=old.pk).update(
        finished_at=timezone.now() - worker.KEEP_FINISHED - timedelta(hours=1)
    )
    worker.prune(now=timezone.now())
    assert [result.pk for result in DBTaskResult.objects.all()] == [new.pk]
