"""All pages of the source, in a run that goes on where it was stopped.

Each page is written together with the place of the next, in one transaction: whatever
kills the process, no row is lost or counted twice. Pages are read until one is empty,
since there is no total, and a server may give fewer rows than it was asked for. What is
known already is compared and left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from imports.loading import IMPORT_LOCK
from imports.records import DatasetError
from imports.socialverse import SOURCE, people, posts, reactions, rows
from imports.socialverse.client import STREAMS, Client, Stream
from imports.socialverse.page_report import NOTES, PageReport
from interactions.advisory_lock import advisory_lock
from interactions.models import ImportRun, Like, Watch
from interactions.services import aggregates
from videos.models import Video

PAGE_SIZE = 1000
MAX_NOTES = 1000  # that a run keeps
LOCK = (IMPORT_LOCK, 1)
# The server may take a moment to notice that an earlier process was killed.
PATIENCE = timedelta(seconds=20)
PAGE_ATTEMPTS = 3  # if others take a user name at the same moment


def client_from_settings() -> Client:
    """Raises `DatasetError` when a setting is missing."""
    return Client(
        address=settings.API_BASE_URL,
        token=settings.FLIC_TOKEN,
        algorithm=settings.RESONANCE_ALGORITHM,
    )


def refresh() -> None:
    """Read what is new, with the client of the settings."""
    run(client=client_from_settings())


def run(
    *,
    client: Client,
    page_size: int = PAGE_SIZE,
    restart: bool = False,
    on_page: Callable[[str, int], object] = lambda stream, rows: None,
) -> ImportRun:
    """Import all pages, or resume the run that was stopped; return the finished run.

    `restart` starts again from the first page. `on_page` is called with the stream and
    the number of rows of each page. Raises `DatasetError` if the source cannot be read;
    the next call resumes at the same page.
    """
    taken = DatasetError("another import from this source is under way")
    with advisory_lock(LOCK, wait=PATIENCE, taken=taken):
        current = _open_run(client.address, page_size, restart=restart)
        for stream in _remaining(current):
            _read(current, client, stream, on_page)
        _finish(current)
    return current


def _open_run(address: str, page_size: int, *, restart: bool) -> ImportRun:
    """The unfinished run of this address, or a new one.

    With another page size, the run's stream is read from its first page.
    """
    current = ImportRun.objects.filter(source=SOURCE, finished_at=None).first()
    if current and (restart or current.address != address):
        current.delete()
        current = None
    if current is None:
        first = next(iter(STREAMS))
        return ImportRun.objects.create(
            source=SOURCE, address=address, stream=first, page_size=page_size
        )
    if current.page_size != page_size:
        current.page, current.page_size = 1, page_size
        current.save()
    return current


def _remaining(current: ImportRun) -> list[Stream]:
    names = list(STREAMS)
    start = names.index(current.stream) if current.stream else len(names)
    return [STREAMS[name] for name in names[start:]]


def _read(
    current: ImportRun,
    client: Client,
    stream: Stream,
    on_page: Callable[[str, int], object],
) -> None:
    """Import a stream from the page of `current` to its end."""
    before: list[Any] = []
    while True:
        page = client.page(stream, current.page, current.page_size)
        if not page or page == before:  # some servers repeat the last page for ever
            break
        _write(current, stream, page)
        on_page(stream.name, len(page))
        before = page
    names = [*STREAMS, ""]
    current.stream, current.page = names[names.index(stream.name) + 1], 1
    current.save()


def _write(current: ImportRun, stream: Stream, page: list[Any]) -> None:
    for attempt in range(1, PAGE_ATTEMPTS + 1):
        try:
            with transaction.atomic():
                report = _store(current, stream, page)
                if report.notes:
                    report.counts[NOTES] = len(report.notes)
                counts = current.counts.get(stream.name, {})
                for name, number in report.counts.items():
                    counts[name] = counts.get(name, 0) + number
                current.counts = current.counts | {stream.name: counts}
                current.notes = [*current.notes, *report.notes][:MAX_NOTES]
                current.page += 1
                current.save()
            return
        except IntegrityError:
            # A person signed up with a name that was free when it was chosen.
            current.refresh_from_db()
            if attempt == PAGE_ATTEMPTS:
                raise


def _store(current: ImportRun, stream: Stream, page: list[Any]) -> PageReport:
    report = PageReport()
    where = f"{stream.name} page {current.page}"
    if stream.name == "users":
        people.write(report.parse(page, rows.person, where=where), report)
    elif stream.name == "posts":
        posts.write(report.parse(page, rows.post, where=where), report)
    else:
        parse = partial(rows.reaction, at=reactions.TIMES[stream.name])
        reactions.write(stream.name, report.parse(page, parse, where=where), report)
    return report


def _finish(current: ImportRun) -> None:
    """Rebuild the sums of videos with new views or likes, and close the run."""
    new = {"created_at__gte": current.started_at, "video__source": SOURCE}
    touched = (
        Watch.objects.filter(**new)
        .values_list("video", flat=True)
        .union(Like.objects.filter(**new).values_list("video", flat=True))
    )
    videos = [Video(pk=key) for key in touched]
    with transaction.atomic():
        if videos:
            aggregates.rebuild(videos=videos)
        current.finished_at = timezone.now()
        current.save()
