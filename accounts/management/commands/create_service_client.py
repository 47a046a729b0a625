"""Create a client of the legacy feeds and of Personalize's runtime."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import service_clients
from accounts.models import ServiceClient
from accounts.service_clients import NameTaken


class Command(BaseCommand):
    help = "Create a service client and print its id and secret once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", type=_of_length("name"))
        parser.add_argument(
            "--source",
            type=_of_length("source"),
            default="personalize",
            help="The source whose ids it uses, as in import_dataset --source "
            "(default: personalize).",
        )
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *, name: str, source: str, as_json: bool, **options: Any) -> None:
        try:
            client, secret = service_clients.create(name=name, source=source)
        except NameTaken:
            raise CommandError(
                f"A service client {name} exists. Its secret cannot be shown again: "
                "delete it in the admin first, or use another name.",
                returncode=2,
            ) from None
        if as_json:
            self.stdout.write(json.dumps({"id": client.client_id, "secret": secret}))
        else:
            self.stdout.write(f"id      {client.client_id}\nsecret  {secret}")


def _of_length(field: str) -> Callable[[str], str]:
    longest = ServiceClient._meta.get_field(field).max_length or 0  # type: ignore[union-attr]

    def check(text: str) -> str:
        text = text.strip()
        if not 0 < len(text) <= longest:
            raise ArgumentTypeError(f"a {field} has 1 to {longest} characters")
        return text

    return check
