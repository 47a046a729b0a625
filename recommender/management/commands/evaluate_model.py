from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from recommender.dataset import snapshot
from recommender.ml.data.text_encoder import TextModelError
from recommender.ml.models.registry import MODELS
from recommender.reports import html
from recommender.reports.terminal import Bars, table
from recommender.training.errors import TrainingError
from recommender.training.evaluation import evaluate_models, evaluate_runs


class Command(BaseCommand):
    help = (
        "Train models on the earlier part of today's data and evaluate them on the "
        "later part, beside popularity and ALS; or evaluate runs on what people "
        "watched since they were trained."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--model",
            nargs="+",
            action="extend",
            choices=sorted(MODELS),
            metavar="NAME",
            help=f"One or more of {', '.join(sorted(MODELS))}; "
            f"default: {settings.MODEL}.",
        )
        what.add_argument(
            "--run",
            nargs="+",
            action="extend",
            metavar="ID",
            help="Ids of runs.",
        )
        parser.add_argument("--json", type=Path, metavar="PATH", dest="path")
        parser.add_argument(
            "--report",
            type=Path,
            metavar="DIR",
            dest="folder",
            help="Write report.html, with plots, and report.json into this folder.",
        )

    def handle(
        self,
        *,
        path: Path | None,
        folder: Path | None,
        model: list[str] | None,
        run: list[str] | None,
        **options: Any,
    ) -> None:
        if path is not None and not path.parent.is_dir():
            raise CommandError(
                f"--json: there is no folder {path.parent}", returncode=2
            )
        try:
            with Bars(sys.stderr) as bars:
                graph = snapshot.take()
                if run is not None:
                    evaluation = evaluate_runs(run, graph, progress=bars)
                else:
                    names = model or [settings.MODEL]
                    evaluation = evaluate_models(names, graph, progress=bars)
            report = evaluation.report
            if folder is not None:
                html.write(report, folder)
            if path is not None:
                path.write_text(json.dumps(report, indent=2) + "\n")
        except (TrainingError, TextModelError, OSError) as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.write(table(report))
        if folder is not None:
            self.stdout.write(f"The report is {folder / html.PAGE}.")
