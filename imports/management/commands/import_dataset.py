"""Import interactions from files: see `docs/importing.md`."""

from __future__ import annotations

import re
import time
from argparse import ArgumentTypeError
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from imports.catalogue import CREATORS
from imports.formats import FORMATS
from imports.loading import Summary, load
from imports.records import BadRow, Dataset, DatasetError

SHOWN_BAD_ROWS = 20
CSV_OPTIONS = ("source", "event_value", "rating_scale", "encoding")


class Command(BaseCommand):
    help = "Import people, items and interactions of MovieLens, KuaiRand or CSV files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="The folder or .zip of the files.")
        parser.add_argument("--format", required=True, choices=FORMATS)
        parser.add_argument(
            "--all-or-nothing",
            action="store_true",
            help="Import nothing when any row is bad.",
        )
        parser.add_argument(
            "--limit", type=_positive, help="Read this many interactions only."
        )
        parser.add_argument(
            "--bad-rows", type=Path, metavar="FILE", help="Write every bad row here."
        )
        parser.add_argument(
            "--source",
            type=_source,
            help="csv, personalize: a name for where the ids come from (default: that "
            "of the format).",
        )
        parser.add_argument(
            "--event-value",
            choices=["fraction", "percent"],
            help="csv, personalize: what EVENT_VALUE of a watch is (default: "
            "fraction).",
        )
        parser.add_argument(
            "--rating-scale",
            type=int,
            choices=[5, 10, 100],
            help="csv, personalize: the best EVENT_VALUE of a rating (default: 100, "
            "but ratings that may be stars are refused).",
        )
        parser.add_argument(
            "--encoding",
            help="csv, personalize: of files that are not UTF-8, such as cp1252.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        with ExitStack() as stack:
            bad_rows = BadRows(stack, options["bad_rows"])
            try:
                dataset = _dataset(**options)
                total = dataset.size()
                progress = stack.enter_context(
                    tqdm(
                        total=min(total, options["limit"] or total),
                        desc=dataset.title,
                        unit=" rows",
                        disable=None if options["verbosity"] else True,
                    )
                )
                summary = load(
                    dataset=dataset,
                    limit=options["limit"],
                    all_or_nothing=options["all_or_nothing"],
                    on_bad_row=bad_rows.add,
                    on_progress=progress.update,
                )
            except DatasetError as error:
                self._print_notes(bad_rows)
                raise CommandError(str(error), returncode=2) from error
        self._print_notes(bad_rows)
        for note in summary.notes:
            self.stderr.write(f"Note: {note}.")
        seconds = time.monotonic() - started
        self.stdout.write(_sentence(dataset.title, summary, seconds))

    def _print_notes(self, bad_rows: BadRows) -> None:
        for line in bad_rows.lines():
            self.stderr.write(line)


class BadRows:
    """Counts bad rows, keeps a few for the terminal, and writes all to a file."""

    def __init__(self, stack: ExitStack, path: Path | None) -> None:
        self.count = 0
        self.first: list[BadRow] = []
        self.path = path
        self.file = None
        if path:
            try:
                self.file = stack.enter_context(path.open("w", encoding="utf-8"))
            except OSError as error:
                raise CommandError(
                    f"--bad-rows {path}: {error.strerror}", returncode=2
                ) from error

    def add(self, row: BadRow) -> None:
        self.count += 1
        if len(self.first) < SHOWN_BAD_ROWS:
            self.first.append(row)
        if self.file:
            self.file.write(f"{row}\n")

    def lines(self) -> list[str]:
        rest = self.count - len(self.first)
        where = f"see {self.path}" if self.path else "--bad-rows FILE lists them"
        more = [f"and {rest:,} more bad rows: {where}"] if rest else []
        return [*map(str, self.first), *more]


def _dataset(*, format: str, path: Path, **options: Any) -> Dataset:
    own = {name: options[name] for name in CSV_OPTIONS if options.get(name) is not None}
    if own and format not in ("csv", "personalize"):
        names = ", ".join(f"--{name.replace('_', '-')}" for name in CSV_OPTIONS)
        raise DatasetError(f"{names} are for --format csv and personalize alone")
    return FORMATS[format](path, **own)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _source(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", text) or text == CREATORS:
        raise ArgumentTypeError(
            f"{text!r} is not a name of 1 to 40 small letters, digits and hyphens"
        )
    return text


def _sentence(title: str, summary: Summary, seconds: float) -> str:
    renamed = f" ({summary.renamed:,} renamed)" if summary.renamed else ""
    changed = (
        f" ({summary.changed_ratings:,} more changed)"
        if summary.changed_ratings
        else ""
    )
    return (
        f"{title}: {summary.rows:,} rows read, {summary.bad_rows:,} bad rows; added "
        f"{summary.people:,} people{renamed}, {summary.videos:,} videos, "
        f"{summary.watches:,} watches, {summary.likes:,} likes, "
        f"{summary.dismissals:,} dismissals, {summary.inspires:,} inspires and "
        f"{summary.ratings:,} ratings{changed} in {seconds:.1f} s"
    )
