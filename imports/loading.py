"""Store a dataset's records, in batches and in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Least, Now

from imports import staging
from imports.catalogue import Catalogue
from imports.records import BadRow, Dataset, DatasetError, Interaction
from imports.staging import StagedRow
from imports.values import EPOCH
from interactions.advisory_lock import lock_until_commit, lock_until_commit_within
from interactions.models import Watch
from interactions.services import aggregates
from videos import search
from videos.models import Video

Record = TypeVar("Record")

BATCH = 5000  # records
MAX_BAD_AT_START = 1000  # bad interactions before the first good one
OLDEST_LIKELY = datetime(1980, 1, 1, tzinfo=UTC)  # of interactions
SESSIONS = uuid.UUID("7d3b1c5e-5b0e-5c2a-9a63-2f0c6a1d8e47")
IMPORT_LOCK = 0x1A7047  # key of the advisory lock that imports queue at


@dataclass
class Summary:
    """`rows` and `bad_rows` count rows read from all files, the others rows added.

    `notes` say in one sentence each what was read otherwise than written, or is odd.
    """

    rows: int = 0
    bad_rows: int = 0
    people: int = 0
    renamed: int = 0
    videos: int = 0
    watches: int = 0
    likes: int = 0
    dismissals: int = 0
    inspires: int = 0
    ratings: int = 0
    changed_ratings: int = 0  # replaced by a newer one
    notes: tuple[str, ...] = ()

    @property
    def added(self) -> int:
        done = self.watches + self.likes + self.dismissals
        return self.people + self.videos + done + self.inspires + self.ratings


@transaction.atomic
def load(
    *,
    dataset: Dataset,
    limit: int | None = None,
    all_or_nothing: bool = False,
    on_bad_row: Callable[[BadRow], object],
    on_progress: Callable[[int], object],
) -> Summary:
    """Add new people, videos and interactions; existing ones are matched by their ids.

    `limit` is the number of interaction rows to read. `on_progress` is called with the
    number of rows since its last call. Raises `DatasetError`, with nothing written, if
    the dataset cannot be read, and with `all_or_nothing` if any row is bad.
    """
    lock_until_commit(IMPORT_LOCK)
    staging.prepare()
    reader, clock = _Reader(on_bad_row), _Clock()
    catalogue = Catalogue(source=dataset.source, title=dataset.title)

    def is_refused() -> bool:
        return all_or_nothing and reader.bad_rows > 0

    for people in _batches(reader.good(dataset.people())):
        catalogue.add_users(people)
    for items in _batches(reader.good(dataset.items())):
        catalogue.add_videos(items)
    rows = _reporting(_checked(dataset.interactions(), limit), on_progress)
    for batch in _batches(reader.good(rows)):
        clock.read(batch)
        if not is_refused():
            catalogue.add_users(row.person for row in batch)
            catalogue.add_videos(row.item for row in batch)
            staging.stage(_staged(row, catalogue) for row in batch)
    if is_refused():
        raise DatasetError(f"{reader.bad_rows:,} bad rows: nothing was imported")
    if reason := dataset.contradiction():
        raise DatasetError(f"{reason}. Nothing was imported")

    new = staging.insert()
    summary = Summary(
        rows=reader.rows,
        bad_rows=reader.bad_rows,
        people=catalogue.added_users,
        renamed=catalogue.renamed,
        videos=catalogue.added_videos,
        watches=new.watches,
        likes=new.likes,
        dismissals=new.dismissals,
        inspires=new.inspires,
        ratings=new.ratings,
        changed_ratings=new.changed_ratings,
        notes=(*dataset.notes(), *clock.notes()),
    )
    if summary.added:
        _update_videos(dataset.source)
    return summary


class _Reader:
    """Counts rows, and passes bad ones to `on_bad_row`."""

    def __init__(self, on_bad_row: Callable[[BadRow], object]) -> None:
        self.rows = self.bad_rows = 0
        self._on_bad_row = on_bad_row

    def good(self, records: Iterable[Record | BadRow]) -> Iterator[Record]:
        for record in records:
            self.rows += 1
            if isinstance(record, BadRow):
                self.bad_rows += 1
                self._on_bad_row(record)
            else:
                yield record


class _Clock:
    """The first and the last time of the interactions."""

    def __init__(self) -> None:
        self.rows = 0
        self.first = self.last = EPOCH

    def read(self, batch: list[Interaction]) -> None:
        times = [row.at for row in batch]
        self.first = min(times) if not self.rows else min(self.first, *times)
        self.last = max(self.last, *times)
        self.rows += len(times)

    def notes(self) -> list[str]:
        if self.rows > 1 and self.first == self.last:
            return [
                f"all {self.rows:,} interactions have the time {self.last.isoformat()}:"
                " is it right? Training then does without times"
            ]
        if self.rows and self.last < OLDEST_LIKELY:
            return [
                f"the newest interaction is of {self.last:%Y-%m-%d}: times are in "
                "seconds or milliseconds since 1970"
            ]
        return []


def _reporting(
    records: Iterable[Record], on_progress: Callable[[int], object]
) -> Iterator[Record]:
    for record in records:
        on_progress(1)
        yield record


def _update_videos(source: str) -> None:
    """Rebuild the sums, dates and search vectors of the source's videos."""
    # First the sums, which lock tables, then rows of videos: as all services do.
    videos = Video.objects.filter(source=source)
    aggregates.rebuild(videos=videos.only("pk"))
    _date_videos(videos)
    search.refresh(list(videos.filter(search=None).values_list("pk", flat=True)))


def lock(*, patience: timedelta) -> None:
    """Keep imports out until the transaction ends. Raises `DatasetError` when one is
    under way for longer than `patience`; the transaction must then be given up."""
    taken = DatasetError("another import is under way")
    lock_until_commit_within(patience, IMPORT_LOCK, taken=taken)


def _checked(
    records: Iterable[Interaction | BadRow], limit: int | None
) -> Iterator[Interaction | BadRow]:
    """The first `limit` records. Raises `DatasetError` if the first are all bad."""
    iterator = islice(records, limit)
    bad: list[BadRow] = []
    for record in iterator:
        if not isinstance(record, BadRow):
            yield from bad
            yield record
            yield from iterator
            return
        bad.append(record)
        if len(bad) == MAX_BAD_AT_START:
            break
    if bad:
        raise DatasetError(f"no row can be read; is this the format? {bad[0]}")
    raise DatasetError("there are no interactions")


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    iterator = iter(records)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def _staged(row: Interaction, catalogue: Catalogue) -> StagedRow:
    video = catalogue.videos_by_id[row.item.external_id]
    seconds = row.seconds
    if seconds is None:
        seconds = (row.fraction or 0) * video.duration
    untimed = row.viewed and row.fraction is None
    watched = untimed or row.fraction is not None
    counted = untimed or (row.fraction or 0) >= settings.VIEW_THRESHOLD
    return StagedRow(
        user_id=catalogue.users_by_id[row.person],
        video_id=video.pk,
        session_id=_session(catalogue.source, row),
        watched=watched,
        watch_time=row.fraction,
        watched_duration=seconds,
        counted=counted,
        at=row.at,
        liked=row.liked,
        dismissed=row.dismissed,
        inspired=row.inspired,
        rating=row.rating,
    )


def _session(source: str, row: Interaction) -> uuid.UUID:
    """The same id for a row in each run, so that a second run adds nothing."""
    time = str(int(row.at.timestamp() * 1000))
    parts = (source, row.person, row.item.external_id, time, row.event)
    return uuid.uuid5(SESSIONS, "\n".join(parts))


def _date_videos(videos: QuerySet[Video]) -> None:
    """No video is newer than its first watch; without any date it is new today."""
    first = Watch.objects.filter(video=OuterRef("pk")).order_by("timestamp")
    videos.update(
        published_at=Coalesce(
            Least(F("published_at"), Subquery(first.values("timestamp")[:1])), Now()
        )
    )
