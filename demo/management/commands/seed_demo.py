"""Fill the installation with demo content."""

from __future__ import annotations

import argparse
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo.media.clips import EncodingError
from demo.seed import remove_demo, seed_demo
from demo.texts import PERSONAS

LOCAL_PASSWORD = "reel-demo"


class Command(BaseCommand):
    help = "Make demo videos, people and what they watched. May be run again."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--videos", type=int, default=400)
        parser.add_argument("--viewers", type=int, default=1500)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument(
            "--remove", action="store_true", help="take all demo content out again"
        )

    def handle(
        self,
        *,
        videos: int,
        viewers: int,
        seed: int,
        remove: bool,
        verbosity: int,
        **options: Any,
    ) -> str | None:
        """Returns, and so prints last, how to log in where that can be told."""
        if remove:
            return f"  {remove_demo()} demo videos removed"
        if viewers < 1 or seed < 0:
            raise CommandError(
                "--viewers takes 1 or more, --seed 0 or more.", returncode=2
            )
        # Anyone may know the local password: the site answers to this machine alone.
        password = LOCAL_PASSWORD if settings.LOCAL else secrets.token_urlsafe(9)
        try:
            made = seed_demo(
                videos=videos,
                viewers=viewers,
                seed=seed,
                password=password,
                quiet=verbosity == 0,
            )
        except (ValueError, EncodingError) as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.write(
            f"  {made.videos} videos of {made.creators} creators, "
            f"{made.viewers} viewers, {made.watches} watches, {made.likes} likes, "
            f"{made.follows} follows" + ("" if made.fresh else " (already there)")
        )
        if not (made.fresh or settings.LOCAL):
            return None
        names = ", ".join(persona.username for persona in PERSONAS)
        return f"  log in as {names} with the password {password}"
