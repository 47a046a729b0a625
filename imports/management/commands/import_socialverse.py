"""Import people, posts and reactions from the Socialverse API."""

from __future__ import annotations

import time
from argparse import ArgumentTypeError
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from imports.records import DatasetError
from imports.socialverse import SOURCE
from imports.socialverse.client import STREAMS
from imports.socialverse.page_report import (
    ADDED,
    BAD,
    CHANGED,
    MERGED,
    NOTES,
    PEOPLE_ADDED,
    READ,
    RENAMED,
    UNKNOWN_POST,
)
from imports.socialverse.run import PAGE_SIZE, client_from_settings, run
from interactions.models import ImportRun
from videos.files.fetching import enqueue_fetching

SHOWN_NOTES = 20


class Command(BaseCommand):
    help = (
        "Import people, posts and reactions from the API that API_BASE_URL, FLIC_TOKEN "
        "and RESONANCE_ALGORITHM name. An interrupted import resumes at the next run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--page-size", type=_page_size, default=PAGE_SIZE, help="Rows in a request."
        )
        parser.add_argument(
            "--download",
            action="store_true",
            help="Have the worker fetch the videos, not keep their addresses only.",
        )
        parser.add_argument(
            "--restart",
            action="store_true",
            help="Start again instead of resuming a run that was stopped.",
        )
        parser.add_argument(
            "--report",
            type=Path,
            metavar="FILE",
            help="Write notes on bad rows and on renamed people here.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        with tqdm(
            desc="Socialverse",
            unit=" rows",
            disable=None if options["verbosity"] else True,
        ) as progress:
            try:
                finished = run(
                    client=client_from_settings(),
                    page_size=options["page_size"],
                    restart=options["restart"],
                    on_page=lambda stream, rows: progress.update(rows),
                )
            except DatasetError as error:
                raise CommandError(
                    f"{error}. Run this again to go on.", returncode=2
                ) from error
        self._print_notes(finished, options["report"])
        fetched = enqueue_fetching(source=SOURCE) if options["download"] else 0
        seconds = time.monotonic() - started
        self.stdout.write(_sentence(finished, fetched, seconds))

    def _print_notes(self, finished: ImportRun, report: Path | None) -> None:
        notes, total = finished.notes, _total(finished, NOTES)
        for note in notes[:SHOWN_NOTES]:
            self.stderr.write(note)
        if total > SHOWN_NOTES:
            where = f"see {report}" if report else "--report FILE lists them"
            if total > len(notes):
                where += f", up to the first {len(notes):,} of all"
            self.stderr.write(f"and {total - SHOWN_NOTES:,} more: {where}")
        if report:
            try:
                report.write_text("".join(f"{note}\n" for note in notes))
            except OSError as error:
                raise CommandError(
                    f"--report {report}: {error.strerror}", returncode=2
                ) from error


def _page_size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 to 10000")
    return int(text)


def _total(finished: ImportRun, name: str) -> int:
    return sum(counts.get(name, 0) for counts in finished.counts.values())


def _sentence(finished: ImportRun, fetched: int, seconds: float) -> str:
    total = partial(_total, finished)
    added = {
        stream: finished.counts.get(stream, {}).get(ADDED, 0) for stream in STREAMS
    }
    added["users"] += total(PEOPLE_ADDED)
    parts = [
        f"Socialverse: {total(READ):,} rows read; added "
        + ", ".join(f"{number:,} {stream}" for stream, number in added.items()),
        f"changed {total(CHANGED):,}",
        f"{total(BAD):,} bad rows",
    ]
    if unknown := total(UNKNOWN_POST):
        parts.append(f"{unknown:,} of unknown posts left out")
    if renamed := total(RENAMED):
        parts.append(f"{renamed:,} people renamed")
    if merged := total(MERGED):
        parts.append(f"{merged:,} people merged with one who was listed later")
    if fetched:
        parts.append(f"{fetched:,} videos to be fetched")
    return f"{'; '.join(parts)} in {seconds:.1f} s"
