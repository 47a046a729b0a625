"""Run a Cypher query on Neo4j."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.graph.mirror import driver


class Command(BaseCommand):
    help = "Run a read-only Cypher query; docs/neo4j.md has examples."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "query", nargs="?", help="Cypher (default: standard input)."
        )

    def handle(self, *, query: str | None, **options: Any) -> None:
        if not driver.configured():
            raise CommandError(driver.NOT_CONFIGURED, returncode=2)
        from neo4j import READ_ACCESS

        from recommender.graph.mirror.writer import FAILURES

        try:
            with (
                driver.connect() as connected,
                connected.session(default_access_mode=READ_ACCESS) as session,
            ):
                result = session.run(query or sys.stdin.read())
                self.stdout.write("\t".join(result.keys()))
                for record in result:
                    self.stdout.write("\t".join(map(str, record.values())))
        except FAILURES as error:
            raise CommandError(str(error), returncode=1) from None
