"""Run Neo4j for this installation, without Docker."""

from __future__ import annotations

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.runtime import neo4j_server


class Command(BaseCommand):
    help = "Fetch Neo4j 5 Community if necessary and run it until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=neo4j_server.DEFAULT_PORT)
        parser.add_argument("--heap", default="1g", help="Java's heap, such as 4g.")

    def handle(self, *, port: int, heap: str, **options: Any) -> None:
        root = settings.VAR_DIR / "neo4j"
        try:
            status = neo4j_server.run(root, port=port, heap=heap)
        except neo4j_server.ServerError as error:
            raise CommandError(str(error), returncode=1) from None
        if status:
            raise CommandError(f"Neo4j ended with status {status}", returncode=1)
