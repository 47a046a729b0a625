"""Export people, videos and interactions: see `docs/importing.md`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from imports.exporting import Export


class Command(BaseCommand):
    help = "Export people, videos and interactions in the layout of Amazon Personalize."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="The folder for the files.")
        parser.add_argument("--format", required=True, choices=["personalize"])
        parser.add_argument(
            "--source",
            default="",
            help="Only what was imported from this source, by its ids (default: "
            "everything, by user name and video id).",
        )

    def handle(
        self, *, path: Path, source: str, verbosity: int, **options: Any
    ) -> None:
        started = time.monotonic()
        export = Export(source=source)
        with tqdm(
            total=export.size(), unit=" rows", disable=None if verbosity else True
        ) as progress:
            try:
                rows = export.write(path, progress.update)
            except OSError as error:
                raise CommandError(
                    f"{path}: {error.strerror or error}", returncode=2
                ) from error
        counts = ", ".join(f"{count:,} {name}" for name, count in rows.items())
        seconds = time.monotonic() - started
        self.stdout.write(f"{path}: {counts} in {seconds:.1f} s")
