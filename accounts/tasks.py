"""Background tasks of `accounts`."""

from __future__ import annotations

from django_tasks import task

from accounts import idempotency


@task()
def forget_idempotency_keys() -> None:
    idempotency.delete_expired_keys()
