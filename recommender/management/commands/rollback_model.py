from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.registry.activation import MODELS, ActivationRefused, rollback


class Command(BaseCommand):
    help = "Return to the run that served before the active one."

    def handle(self, **options: Any) -> None:
        try:
            activation = rollback(MODELS)
        except ActivationRefused as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.write(f"{activation.reason}: run {activation.run} is active.")
