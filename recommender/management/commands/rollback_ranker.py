from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.rankers import pointer
from recommender.services import ActivationRefused


class Command(BaseCommand):
    help = "Return to what ranked before the active ranker, in the end to fusion."

    def handle(self, **options: Any) -> None:
        try:
            activation = pointer.rollback()
        except ActivationRefused as error:
            raise CommandError(str(error), returncode=2) from None
        now = pointer.name(activation.run)
        self.stdout.write(f"{activation.reason}: {now} ranks.")
