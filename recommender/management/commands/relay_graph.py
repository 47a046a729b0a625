"""Keep the Neo4j mirror up to date."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.graph.mirror import driver


class Command(BaseCommand):
    help = "Send changes to Neo4j until stopped; waits while it is unreachable."

    def handle(self, **options: Any) -> None:
        if not driver.configured():
            raise CommandError(driver.NOT_CONFIGURED, returncode=2)
        from recommender.graph.mirror.relay import relay

        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        relay(stop)
