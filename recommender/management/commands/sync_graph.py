"""Bring the Neo4j mirror up to date once."""

from __future__ import annotations

import argparse
import time
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from recommender.graph.mirror import driver

PATIENCE = timedelta(minutes=10)  # to wait for another writer


class Command(BaseCommand):
    help = "Apply waiting changes, or with --rebuild rebuild the mirror."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--rebuild", action="store_true", help="Rebuild from empty."
        )
        parser.add_argument("--quiet", action="store_true", help="No progress bar.")

    def handle(self, *, rebuild: bool, quiet: bool, **options: Any) -> None:
        if not driver.configured():
            raise CommandError(driver.NOT_CONFIGURED, returncode=2)
        from recommender.graph.mirror import rebuild as sync
        from recommender.graph.mirror import relay
        from recommender.graph.mirror.writer import FAILURES, turn

        started = time.monotonic()
        try:
            with (
                driver.connect() as connected,
                turn(connected, wait=PATIENCE) as writer,
            ):
                if rebuild or not writer.complete:
                    with tqdm(unit=" rows", disable=quiet) as bar:
                        written = sync.rebuild(
                            writer, progress=lambda _, rows: bar.update(rows)
                        )
                    done = f"{sum(written.values()):,} rows written from empty"
                    relay.drain(writer)
                else:
                    done = f"{relay.drain(writer):,} changes applied"
        except FAILURES as error:
            raise CommandError(str(error), returncode=1) from None
        self.stdout.write(f"{done} in {time.monotonic() - started:.1f} s")
