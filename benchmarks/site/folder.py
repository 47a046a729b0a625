"""A synthetic site in a folder of its own: options, building or reusing, training."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path

import django

from benchmarks.site.draws import Size

MARK = "site.json"  # in the folder: the size of the site
Say = Callable[[str], None]


class WrongFolder(Exception):
    """The folder has another installation; the message says which."""


class TrainingFailed(Exception):
    """No run of the model serves; the message says what to try."""


def add_size(parser: argparse.ArgumentParser) -> None:
    for field in fields(Size):
        parser.add_argument(f"--{field.name}", type=int, default=field.default)


def add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("var/benchmarks"),
        help="for the sites, one folder for each size (default: %(default)s)",
    )


def scales(text: str) -> list[float]:
    """The numbers of `1,2,4`; raises `ValueError`."""
    return [float(scale) for scale in text.split(",")]


def size_from(options: argparse.Namespace) -> Size:
    """Raises `ValueError`."""
    return Size(**{field.name: getattr(options, field.name) for field in fields(Size)})


def size_arguments(size: Size) -> list[str]:
    return [f"--{name}={value}" for name, value in asdict(size).items()]


def size_of(folder: Path) -> Size:
    """The size of the site in `folder`; raises `WrongFolder`."""
    try:
        return Size(**json.loads((folder / MARK).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise WrongFolder(f"{folder} has no synthetic site: {error}") from error


def use(folder: Path) -> None:
    """Make this process and its children use the installation in `folder`."""
    os.environ["VAR_DIR"] = str(folder.resolve())
    for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT"):
        os.environ[f"DB_{name}"] = ""  # the embedded PostgreSQL
    os.environ["NEO4J_URI"] = ""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()


def prepare(size: Size, folder: Path, say: Say) -> None:
    """Build the site, unless it was built before. Call `use` first.

    Raises `WrongFolder`.
    """
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.site.build import NotEmpty, build
    from benchmarks.site.jobs import mark_daily_jobs_done

    call_command("migrate", interactive=False, verbosity=0)
    mark = folder / MARK
    if mark.exists():
        if size_of(folder) != size:
            raise WrongFolder(f"{folder} has a site of another size: {mark}")
        return
    say(f"Building {size.videos:,} videos and {size.engagements:,} engagements")
    try:
        build(size, say=say)
    except NotEmpty as error:
        raise WrongFolder(f"{folder}: {error}") from error
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    mark_daily_jobs_done()
    mark.write_text(json.dumps(asdict(size)))


def train(model: str, *, evaluate: bool, say: Say) -> None:
    """Train `model` unless a run of it serves. Raises `TrainingFailed`.

    Without `evaluate` it is only fitted and activated. A run that `train_model` refuses
    does not serve.
    """
    from django.conf import settings

    from benchmarks.site.model import fit_and_activate
    from recommender.training import pipeline

    if pipeline.serves(model):
        return
    say(f"Training {model}")
    if not evaluate:
        fit_and_activate(model)
        return
    # A process of its own gives all memory back.
    command = [sys.executable, "manage.py", "train_model", "--model", model]
    done = subprocess.run(command, cwd=settings.BASE_DIR, check=False)
    if done.returncode or not pipeline.serves(model):
        raise TrainingFailed(
            f"train_model did not activate a run of {model}. To measure it anyway, use "
            "--fit-only."
        )
