"""Compare the Neo4j mirror with PostgreSQL."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.graph.mirror import driver

PATIENCE = timedelta(minutes=10)  # to wait for another writer


class Command(BaseCommand):
    help = (
        "Compare counts and hashes of every label and relation, and repair "
        "differences; exit code 1 if there were any."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--no-repair", action="store_true", help="Only report differences."
        )

    def handle(self, *, no_repair: bool, **options: Any) -> None:
        if not driver.configured():
            raise CommandError(driver.NOT_CONFIGURED, returncode=2)
        from recommender.graph.mirror import relay
        from recommender.graph.mirror.verify import Comparison, verify
        from recommender.graph.mirror.writer import FAILURES, turn

        def show(comparison: Comparison) -> None:
            agreed = not comparison.differing
            result = "same" if agreed else f"{len(comparison.differing):,} differ"
            self.stdout.write(
                f"{comparison.part.name:38} {comparison.wanted:>10,}"
                f" {comparison.found:>10,}  {comparison.wanted_hash}"
                f" {comparison.found_hash}  {result}"
            )

        try:
            with (
                driver.connect() as connected,
                turn(connected, wait=PATIENCE) as writer,
            ):
                if not writer.complete:
                    raise CommandError(
                        "There is no complete mirror: run sync_graph.", returncode=1
                    )
                relay.drain(writer)
                compared = verify(writer, repair=not no_repair, progress=show)
        except FAILURES as error:
            raise CommandError(str(error), returncode=1) from None
        different = sum(len(comparison.differing) for comparison in compared)
        if different:
            done = "left as they are" if no_repair else "repaired"
            raise CommandError(f"{different:,} differences, {done}", returncode=1)
        self.stdout.write("No difference")
