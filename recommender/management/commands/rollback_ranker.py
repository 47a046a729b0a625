from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.ranking.ranker import RANKERS
from recommender.registry.activation import ActivationRefused, rollback


class Command(BaseCommand):
    help = "Return to the ranker before the active one, in the end to rank fusion."

    def handle(self, **options: Any) -> None:
        try:
            activation = rollback(RANKERS)
        except ActivationRefused as error:
            raise CommandError(str(error), returncode=2) from None
        now = RANKERS.describe(activation.run)
        self.stdout.write(f"{activation.reason}: {now} ranks.")
