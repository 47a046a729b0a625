from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from recommender.ml.models.registry import ConfigError
from recommender.ml.train import distributed
from recommender.models import ModelRun
from recommender.registry.activation import MODELS, ActivationRefused, active_run
from recommender.registry.status import status
from recommender.reports.terminal import Bars, table
from recommender.training import pipeline
from recommender.training.errors import TrainingError


class Command(BaseCommand):
    help = (
        "Train a model (planned for TRAIN_MINUTES), evaluate it on a temporal split, "
        "and activate it if it passes the gate. Starts from the weights of the "
        "active run if that is no worse, and resumes an interrupted training. Under "
        "torchrun, all processes train."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--model", default=settings.MODEL)
        parser.add_argument(
            "--activate",
            action=argparse.BooleanOptionalAction,
            default=True,
            help="Activate the run if it beats popularity and ALS.",
        )
        parser.add_argument(
            "--again",
            action="store_true",
            help="Train on current data from the beginning, even if a daily model was "
            "already computed today, an interrupted training could be resumed, or "
            "the weights of the active run could be learned on from.",
        )
        parser.add_argument(
            "--if-needed",
            action="store_true",
            help="Do nothing if a healthy run is active. Too little data is not an "
            "error.",
        )
        parser.add_argument("--json", type=Path, metavar="PATH", dest="path")

    def handle(self, *args: Any, **options: Any) -> None:
        with distributed.process_group() as is_leader:
            if is_leader:
                self._train(**options)

    def _train(
        self,
        *,
        model: str,
        activate: bool,
        again: bool,
        if_needed: bool,
        path: Path | None,
        **options: Any,
    ) -> None:
        if path is not None and not path.parent.is_dir():
            raise CommandError(
                f"--json: there is no folder {path.parent}", returncode=2
            )
        if if_needed and not status().fault:
            self.stdout.write(f"Run {active_run(MODELS)} is already active.")
            return
        try:
            with Bars(sys.stderr) as bars:
                run = pipeline.train(
                    model=model, activate=activate, again=again, progress=bars
                )
        except (TrainingError, ConfigError, ActivationRefused) as error:
            if if_needed:
                self.stdout.write(str(error))
                return
            raise CommandError(str(error), returncode=2) from None
        except KeyboardInterrupt:
            raise CommandError(
                "Interrupted. The next train_model resumes from the last checkpoint, "
                "if there is one; with --again it starts from the beginning.",
                returncode=2,
            ) from None
        if path is not None:
            path.write_text(json.dumps(run.metrics, indent=2) + "\n")
        self.stdout.write(table(run.metrics))
        if run.state == ModelRun.State.TRAINED:
            active = "active" if activate else "trained; activate_model activates it"
            self.stdout.write(f"Run {run} is {active}.")
        elif if_needed:
            self.stdout.write(f"Run {run} was refused: {run.note}")
        else:
            raise CommandError(f"Run {run} was refused: {run.note}", returncode=1)
