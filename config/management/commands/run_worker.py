"""Run background tasks until stopped."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.crypto import get_random_string

from config.runtime.worker import Keeper, RetryingWorker


class Command(BaseCommand):
    help = "Run background tasks, with retries, leases and due jobs, until stopped."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--queue",
            default="*",
            help="The queues to serve, separated by commas (default: all).",
        )
        parser.add_argument(
            "--exclude", default="", help="Queues to leave to other workers."
        )
        parser.add_argument(
            "--batch", action="store_true", help="Stop when nothing is left to do."
        )

    def handle(self, *, queue: str, exclude: str, batch: bool, **options: Any) -> None:
        worker_id = get_random_string(32)
        keeper = Keeper(worker_id=worker_id)
        keeper.start()
        keeper.holding.wait(timeout=10)
        worker = RetryingWorker(
            queue_names=queue.split(","),
            excluded_queue_names=exclude.split(",") if exclude else [],
            interval=0.5,
            batch=batch,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=worker_id,
        )
        worker.configure_signals()
        try:
            worker.run()
        finally:
            keeper.stop()
