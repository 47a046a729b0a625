from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.registry.activation import ActivationRefused
from recommender.reports.terminal import Bars
from recommender.training import pipeline
from recommender.training.errors import TrainingError


class Command(BaseCommand):
    help = "Embed and index today's data with the weights of the active run."

    def handle(self, **options: Any) -> None:
        try:
            with Bars(sys.stderr) as bars:
                run = pipeline.rebuild(progress=bars)
        except (TrainingError, ActivationRefused) as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.write(f"Run {run} is active.")
