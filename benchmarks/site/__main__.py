"""Build a synthetic site in a folder of its own, with its own PostgreSQL.

    python -m benchmarks.site --folder DIR [--videos N --people N --engagements N ...]

Start any command of the platform with VAR_DIR=DIR to use the site.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import django

from benchmarks.site.draws import Size
from benchmarks.site.named import ADMINISTRATOR, NAMED, PASSWORD


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.site", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--folder", type=Path, required=True)
    add_size(parser)
    options = parser.parse_args()
    try:
        size = size_from(options)
    except ValueError as error:
        parser.error(str(error))
    use(options.folder)
    from benchmarks.site.build import NotEmpty

    try:
        create(size, print)
    except NotEmpty as error:
        parser.error(str(error))
    for person in NAMED:
        print(f"  {person.username}: {person.about}")
    print(f"Password of all and of {ADMINISTRATOR}: {PASSWORD}")
    return 0


def add_size(parser: argparse.ArgumentParser) -> None:
    for field in fields(Size):
        parser.add_argument(f"--{field.name}", type=int, default=field.default)


def size_from(options: argparse.Namespace) -> Size:
    """Raises `ValueError`."""
    return Size(**{field.name: getattr(options, field.name) for field in fields(Size)})


def use(folder: Path) -> None:
    """Make this process, and its children, use the installation in `folder`."""
    os.environ["VAR_DIR"] = str(folder.resolve())
    for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT"):
        os.environ[f"DB_{name}"] = ""  # the embedded PostgreSQL
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()


def create(size: Size, say: Callable[[str], None]) -> None:
    """Migrate and fill the database, and vacuum it. Raises `NotEmpty`."""
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.site.build import build

    call_command("migrate", interactive=False, verbosity=0)
    build(size, say=say)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    sys.exit(main())
