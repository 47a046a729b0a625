"""Fill the installation with demo content."""

from __future__ import annotations

import argparse
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo.media.clips import EncodingError
from demo.publish import OtherDemo, publish_videos
from demo.seed import demo_size, remove_demo, store_demo
from demo.texts import PERSONAS

LOCAL_PASSWORD = "reel-demo"


class Command(BaseCommand):
    help = (
        "Make demo videos, people and what they watched. An interrupted run goes on "
        "at the next."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--videos", type=int, default=400)
        parser.add_argument("--viewers", type=int, default=1500)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument(
            "--no-clips",
            action="store_false",
            dest="clips",
            help="Leave the clips to the next run. Videos without one are not listed.",
        )
        parser.add_argument(
            "--remove", action="store_true", help="Delete all demo content."
        )

    def handle(
        self,
        *,
        videos: int,
        viewers: int,
        seed: int,
        remove: bool,
        **options: Any,
    ) -> str | None:
        """Returns, and so prints last, how to log in."""
        if remove:
            return f"  {remove_demo()} demo videos removed"
        if viewers < 1 or seed < 0:
            raise CommandError(
                "--viewers takes 1 or more, --seed 0 or more.", returncode=2
            )
        # The local password is public: a local site answers only its own machine.
        password = LOCAL_PASSWORD if settings.LOCAL else secrets.token_urlsafe(9)
        try:
            is_new = store_demo(
                videos=videos, viewers=viewers, seed=seed, password=password
            )
            if options["clips"]:
                publish_videos(seed=seed, quiet=options["verbosity"] == 0)
        except (ValueError, OtherDemo, EncodingError) as error:
            raise CommandError(str(error), returncode=2) from None
        size = demo_size()
        self.stdout.write(
            f"  {size.videos} videos of {size.creators} creators, "
            f"{size.viewers} viewers, {size.watches} watches, {size.likes} likes, "
            f"{size.follows} follows" + ("" if is_new else " (already there)")
        )
        if not (is_new or settings.LOCAL):
            return None
        names = ", ".join(persona.username for persona in PERSONAS)
        return f"  log in as {names} with the password {password}"
