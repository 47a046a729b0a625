"""Write a dataset's records: in batches, and all of it in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Least, Now

from imports import staging
from imports.catalogue import Catalogue
from imports.records import BadRow, Dataset, DatasetError, Interaction
from imports.staging import StagedRow
from interactions.models import Watch
from interactions.services import aggregates
from videos import search
from videos.models import Video

Record = TypeVar("Record")

BATCH = 5000  # records
HOPELESS = 1000  # bad interactions before the first good one: the wrong format
SESSIONS = uuid.UUID("7d3b1c5e-5b0e-5c2a-9a63-2f0c6a1d8e47")
IMPORT_LOCK = 0x1A7047  # key of the advisory lock that imports queue at


@dataclass
class Summary:
    """`rows` and `bad_rows` count what was read, the others what was added."""

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
    """Add what is not there yet; people, videos and sessions are known by their ids.

    `limit` is the number of interaction rows to read. `on_progress` is told how many
    were read since its last call. Raises `DatasetError`, with nothing written, when the
    dataset cannot be read, and with `all_or_nothing` when any row is bad.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
    staging.prepare()
    summary = Summary()
    catalogue = Catalogue(source=dataset.source, title=dataset.title)

    def readable(records: Iterable[Record | BadRow]) -> Iterator[Record]:
        for record in records:
            if isinstance(record, BadRow):
                summary.bad_rows += 1
                on_bad_row(record)
            else:
                yield record

    def counted(records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            summary.rows += 1
            on_progress(1)
            yield record

    def doomed() -> bool:
        return all_or_nothing and summary.bad_rows > 0

    for people in _batches(readable(dataset.people())):
        catalogue.add_users(people)
    for items in _batches(readable(dataset.items())):
        catalogue.add_videos(items)
    for batch in _batches(readable(counted(_hopeful(dataset.interactions(), limit)))):
        if not doomed():
            catalogue.add_users(row.person for row in batch)
            catalogue.add_videos(row.item for row in batch)
            staging.stage(_staged(row, catalogue) for row in batch)
    if doomed():
        raise DatasetError(f"{summary.bad_rows:,} bad rows: nothing was imported")

    new = staging.insert()
    summary.watches, summary.likes = new.watches, new.likes
    summary.dismissals = new.dismissals
    summary.inspires, summary.ratings = new.inspires, new.ratings
    summary.people, summary.videos = catalogue.added_users, catalogue.added_videos
    summary.renamed = catalogue.renamed
    if summary.added:
        # First the sums, which lock tables, then rows of videos: as all services do.
        videos = Video.objects.filter(source=dataset.source)
        aggregates.rebuild(videos=videos.only("pk"))
        _date_videos(videos)
        search.refresh(list(videos.filter(search=None).values_list("pk", flat=True)))
    return summary


def lock(*, patience: timedelta) -> None:
    """Keep imports out until the transaction ends. Raises `DatasetError` when one is
    under way for longer than `patience`; the transaction must then be given up."""
    with connection.cursor() as cursor:
        milliseconds = patience // timedelta(milliseconds=1)
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true)", [f"{milliseconds}ms"]
        )
        try:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
        except OperationalError:
            raise DatasetError("another import is under way") from None
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")


def _hopeful(
    records: Iterable[Interaction | BadRow], limit: int | None
) -> Iterator[Interaction | BadRow]:
    """The first `limit`. Raises `DatasetError` when they begin hopelessly."""
    iterator = islice(records, limit)
    bad: list[BadRow] = []
    for record in iterator:
        if not isinstance(record, BadRow):
            yield from bad
            yield record
            yield from iterator
            return
        bad.append(record)
        if len(bad) == HOPELESS:
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
    """The same for the same row in each run, so that a second run adds nothing."""
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
