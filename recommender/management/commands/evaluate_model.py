from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender import pipeline, snapshot
from recommender.ml.text import TextModelError
from recommender.pipeline import TrainingError
from recommender.reporting import Bars, table


class Command(BaseCommand):
    help = (
        "Train GraphSAGE, popularity and co-watch on the earlier part of today's data "
        "and measure them on the later part."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", type=Path, metavar="PATH", dest="path")

    def handle(self, *, path: Path | None, **options: Any) -> None:
        if path is not None and not path.parent.is_dir():
            raise CommandError(
                f"--json: there is no folder {path.parent}", returncode=2
            )
        try:
            with Bars(sys.stderr) as bars:
                names = ["graphsage", *pipeline.BASELINES]
                report = pipeline.evaluation(names, snapshot.take(), progress=bars)
            if path is not None:
                path.write_text(json.dumps(report, indent=2) + "\n")
        except (TrainingError, TextModelError, OSError) as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.write(table(report))
