from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.models import RankerRun
from recommender.training import ranker
from recommender.training.errors import TrainingError


class Command(BaseCommand):
    help = "Train a ranker on impressions, and activate it if it beats rank fusion."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--activate",
            action=argparse.BooleanOptionalAction,
            default=True,
            help="Activate the run if it beats reciprocal rank fusion.",
        )

    def handle(self, *, activate: bool, **options: Any) -> None:
        try:
            run = ranker.train(activate=activate)
        except TrainingError as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.write(ranker.in_words(run.metrics))
        if run.state == RankerRun.State.REFUSED:
            raise CommandError(f"Ranker {run} was refused: {run.note}", returncode=1)
        done = "ranks" if activate else "is trained; the admin activates it"
        self.stdout.write(f"Ranker {run} {done}.")
