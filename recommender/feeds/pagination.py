"""Paging: a feed is planned some pages ahead and kept, so "load more" goes on exactly
where the page before ended, whatever was uploaded or watched in between.

What became invisible, dismissed or seen since it was planned is left out of the later
pages. A cursor is signed, belongs to one feed of one viewer, and ages.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, Protocol

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from recommender.models import FeedSession
from recommender.ranking import feature_log
from recommender.ranking.fusion import Noted
from recommender.retrieval.eligible import Videos
from recommender.retrieval.viewer import Viewer
from videos.models import Video
from videos.progress import progress_of

LIFETIME = timedelta(hours=12)
KEPT = timedelta(days=2)
PLAN_SIZE = 72
LAST_RESORT = ("watch_again", "own")  # sources of a feed that has nothing else
SALT = "recommender.sessions"
RESTARTED = "That list had grown old, so here is a fresh one."


class Entry(NamedTuple):
    """One planned video: `FeedSession.items` stores all but what is `noted` of it."""

    video_id: int
    source: str
    score: float
    reason: str
    noted: Noted | None = None


class Plan(Protocol):
    """What makes one feed differ from another."""

    @property
    def viewer(self) -> Viewer: ...

    @property
    def kind(self) -> str: ...

    def parameters(self) -> dict[str, str]:
        """What tells this list from others of its kind: its filter and its order."""

    def pool(self, *, last_resort: bool) -> Videos:
        """What may stand in it at this moment; more for entries of last resort."""

    def extend(self, planned: Sequence[Entry], count: int) -> list[Entry]:
        """The entries that follow: at least `count`, or all that are left."""


@dataclass(frozen=True)
class FeedItem:
    """A video in a feed; `position` counts from 1, `progress` is a fraction or None."""

    video: Video
    source: str
    score: float
    reason: str
    position: int
    progress: float | None


@dataclass(frozen=True)
class FeedPage:
    """Some items and, unless these were the last, the cursor of the next page.

    `restarted` says that the cursor was of no use (aged, forged, somebody else's) and
    the feed starts afresh. `next_url` is for the page that shows it to fill in.
    """

    items: list[FeedItem]
    next_cursor: str
    feed_id: uuid.UUID
    notice: str = ""
    restarted: bool = False
    next_url: str = ""


def page(plan: Plan, *, cursor: str, size: int) -> FeedPage:
    """The page at `cursor`, the first one for an empty cursor."""
    session, start = _resume(plan, cursor) if cursor else (None, 0)
    restarted = bool(cursor) and session is None
    if session is None:
        session = FeedSession(
            user_id=plan.viewer.pk, kind=plan.kind, parameters=plan.parameters()
        )
        _grow(session, plan)
        session.save(force_insert=True)
    found, end = _visible(session, plan, start, size)
    return FeedPage(
        items=_items(plan.viewer, found),
        next_cursor=_cursor(session, end) if end is not None else "",
        feed_id=session.feed_id,
        notice=RESTARTED if restarted else "",
        restarted=restarted,
    )


def numbered(plan: Plan, *, number: int, size: int) -> FeedPage:
    """Page `number`, from 1, for callers that keep no cursor.

    The first page plans a feed; the others go on with the newest one of this viewer and
    these parameters, `size` places each. What was seen since keeps its place, what
    became invisible leaves it empty, so that no page repeats or skips a video. The
    cursor of the next page is its number.
    """
    start, end = (number - 1) * size, number * size
    session = _newest(plan) if number > 1 else None
    if session is None:
        session = FeedSession(
            user_id=plan.viewer.pk, kind=plan.kind, parameters=plan.parameters()
        )
        session.save(force_insert=True)
    if not session.complete and start < plan.pool(last_resort=True).count():
        _grow_stored(session, plan, beyond=end)
    window = [Entry(*item) for item in session.items[start:end]]
    videos = _within(plan.pool(last_resort=True), window)
    found = [
        (place, entry, videos[entry.video_id])
        for place, entry in enumerate(window, start)
        if entry.video_id in videos
    ]
    return FeedPage(
        items=_items(plan.viewer, found),
        next_cursor=str(number + 1) if len(session.items) > end else "",
        feed_id=session.feed_id,
    )


def prune() -> int:
    """Delete feeds that nobody can go on with; returns how many."""
    deleted, _ = FeedSession.objects.filter(
        created_at__lt=timezone.now() - KEPT
    ).delete()
    return deleted


def _cursor(session: FeedSession, place: int) -> str:
    return signing.dumps([session.feed_id.hex, place], salt=SALT)


def _resume(plan: Plan, cursor: str) -> tuple[FeedSession | None, int]:
    try:
        feed_id, place = signing.loads(cursor, salt=SALT)
    except signing.BadSignature:
        return None, 0
    session = _of(plan).filter(feed_id=feed_id).first()
    return session, place if session else 0


def _newest(plan: Plan) -> FeedSession | None:
    exactly = _of(plan).filter(parameters=plan.parameters())
    return exactly.order_by("-created_at").first()


def _of(plan: Plan) -> QuerySet[FeedSession]:
    """The feeds that requests for this plan may go on with."""
    return FeedSession.objects.filter(
        user=plan.viewer.pk,
        kind=plan.kind,
        parameters__contains=plan.parameters(),
        created_at__gt=timezone.now() - LIFETIME,
    )


def _visible(
    session: FeedSession, plan: Plan, start: int, size: int
) -> tuple[list[tuple[int, Entry, Video]], int | None]:
    """Up to `size` (place, entry, video) from place `start` on, and the place of the
    one that comes next, None at the end."""
    found: list[tuple[int, Entry, Video]] = []
    place = start
    while True:
        window = [Entry(*item) for item in session.items[place : place + size + 1]]
        if not window:
            if session.complete:
                return found, None
            _grow_stored(session, plan, beyond=len(session.items))
            continue
        last_resort = any(entry.source in LAST_RESORT for entry in window)
        videos = _within(plan.pool(last_resort=last_resort), window)
        for entry in window:
            if entry.video_id in videos:
                if len(found) == size:
                    return found, place
                found.append((place, entry, videos[entry.video_id]))
            place += 1


def _grow(session: FeedSession, plan: Plan) -> None:
    entries = plan.extend([Entry(*item) for item in session.items], PLAN_SIZE)
    start = len(session.items) + 1
    session.items = [*session.items, *(list(entry[:-1]) for entry in entries)]
    session.complete = len(entries) < PLAN_SIZE
    feature_log.write(
        session.feed_id,
        plan.viewer,
        [
            (place, entry.video_id, entry.noted)
            for place, entry in enumerate(entries, start)
            if entry.noted is not None
        ],
    )


def _grow_stored(session: FeedSession, plan: Plan, *, beyond: int) -> None:
    """Plan until there are more than `beyond` entries, once, even if two requests for
    the next page arrive together."""
    with transaction.atomic():
        locked = FeedSession.objects.select_for_update().get(pk=session.pk)
        if len(locked.items) <= beyond and not locked.complete:
            while len(locked.items) <= beyond and not locked.complete:
                _grow(locked, plan)
            locked.save(update_fields=["items", "complete", "updated_at"])
    session.items, session.complete = locked.items, locked.complete


def _within(videos: Videos, window: Sequence[Entry]) -> dict[int, Video]:
    """Those of the entries' videos that a pool holds, by key."""
    rows = videos.filter(pk__in=[entry.video_id for entry in window])
    return {video.pk: video for video in rows.select_related("creator")}


def _items(viewer: Viewer, found: Sequence[tuple[int, Entry, Video]]) -> list[FeedItem]:
    progress = progress_of(viewer.user, [video for _, _, video in found])
    return [
        FeedItem(video, e.source, e.score, e.reason, place + 1, progress.get(video.pk))
        for place, e, video in found
    ]
