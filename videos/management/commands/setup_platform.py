"""Create the categories and the first administrator."""

from __future__ import annotations

import argparse
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from videos.installation import ensure_administrator, install_catalogue


class Command(BaseCommand):
    help = (
        "Create missing categories and the first administrator. The password is "
        "ADMIN_PASSWORD, or a random one that is printed once. Safe to run again."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--admin", default="admin", help="username (admin)")
        parser.add_argument("--email", default="", help="the administrator's e-mail")

    def handle(self, *, admin: str, email: str, **options: Any) -> str | None:
        """Returns the log-in of a new administrator, which Django prints last."""
        size = install_catalogue()
        given = os.environ.get("ADMIN_PASSWORD", "").strip()
        try:
            made = ensure_administrator(username=admin, email=email, password=given)
        except IntegrityError:
            raise CommandError(
                f"'{admin}' or '{email}' is taken: choose another "
                "with --admin and --email.",
                returncode=2,
            ) from None
        self.stdout.write(
            f"  {size.parents} parent categories, {size.categories} categories, "
            f"{size.created} of them new"
        )
        if not made:
            return None
        user, password = made
        shown = "as in ADMIN_PASSWORD" if given else password
        return f"  administrator: {user.username}, password: {shown}"
