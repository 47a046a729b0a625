from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.registry import ranker_activation
from recommender.registry.activation import ActivationRefused


class Command(BaseCommand):
    help = "Return to what ranked before the active ranker, in the end to fusion."

    def handle(self, **options: Any) -> None:
        try:
            activation = ranker_activation.rollback()
        except ActivationRefused as error:
            raise CommandError(str(error), returncode=2) from None
        now = ranker_activation.name(activation.run)
        self.stdout.write(f"{activation.reason}: {now} ranks.")
