from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.models import ModelRun
from recommender.registry import activation
from recommender.registry.activation import MODELS, ActivationRefused


class Command(BaseCommand):
    help = "Activate a trained run."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "run", metavar="RUN", help="Its id, as model_status prints it."
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="Even if the run was refused because popularity is better.",
        )

    def handle(self, *, run: str, force: bool, **options: Any) -> None:
        model_run = ModelRun.objects.filter(run_id=run).first()
        if model_run is None:
            raise CommandError(f"There is no run {run}.", returncode=2)
        reason = "Forced by activate_model" if force else "By activate_model"
        try:
            activation.activate(MODELS, run=model_run, reason=reason, force=force)
        except ActivationRefused as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.write(f"Run {model_run} is active.")
