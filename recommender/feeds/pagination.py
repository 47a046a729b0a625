"""Pagination: a feed is planned some pages ahead and stored, so that "load more" goes
on exactly after the page before, whatever was uploaded or watched in between.

Later pages leave out videos that were hidden, dismissed or seen since they were
planned. A cursor is signed, belongs to one feed of one viewer, and expires.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from recommender.feeds.types import Feed, FeedItem, FeedPage
from recommender.ml.ranking.candidates import LoggedFeatures
from recommender.models import FeedSession
from recommender.retrieval.sources import LAST_RESORT
from recommender.retrieval.viewer import Videos, Viewer
from videos.models import Video
from videos.progress import progress_of

LIFETIME = timedelta(hours=12)
RETENTION = timedelta(days=2)
PLAN_SIZE = 72
SALT = "recommender.sessions"
RESTARTED = "That list had grown old, so here is a fresh one."
# How the reasons of widened items began while sessions stored lists by position.
WIDENED_PREFIX = "Beyond your interests · "


@dataclass(frozen=True)
class PlannedItem:
    """One video of a feed. `logged` features and the `team` are not stored with it."""

    video_id: int
    source: str
    score: float
    reason: str
    widened: bool = False
    logged: LoggedFeatures | None = field(default=None, compare=False)
    team: str = field(default="", compare=False)  # its arm in an interleaved feed

    def to_json(self) -> dict[str, Any]:
        return {
            "video": self.video_id,
            "source": self.source,
            "score": self.score,
            "reason": self.reason,
            "widened": self.widened,
        }

    @classmethod
    def from_json(cls, row: Any) -> PlannedItem:
        """Also reads rows of older versions: [video, source, score, reason]."""
        if isinstance(row, list):
            video_id, source, score, reason = row
            widened = reason.startswith(WIDENED_PREFIX)
            return cls(video_id, source, score, reason, widened)
        return cls(
            row["video"], row["source"], row["score"], row["reason"], row["widened"]
        )


class Placed(NamedTuple):
    """A planned item at its place in the feed, from 0, with its video."""

    place: int
    item: PlannedItem
    video: Video


Additions = list[tuple[int, PlannedItem]]  # with positions from 1


def page(feed: Feed, *, cursor: str, size: int) -> FeedPage:
    """The page at `cursor`, the first page for an empty cursor."""
    session, start = _resume(feed, cursor) if cursor else (None, 0)
    restarted = bool(cursor) and session is None
    added: Additions = []
    if session is None:
        session = _new_session(feed)
        added = _grow(session, feed)
        session.save(force_insert=True)
    shown, end, more = _visible(session, feed, start, size)
    return FeedPage(
        items=_items(feed.viewer, shown),
        next_cursor=_cursor(session, end) if end is not None else "",
        feed_id=session.feed_id,
        logged=_logged([*added, *more]),
        teams=_teams([*added, *more]),
        notice=RESTARTED if restarted else "",
        restarted=restarted,
    )


def numbered(feed: Feed, *, number: int, size: int) -> FeedPage:
    """Page `number`, from 1, for clients without cursors.

    The first page plans a feed. The others go on with the newest feed of this viewer
    and these parameters, `size` places each. Videos seen since keep their place, hidden
    ones leave it empty, so that no page repeats or skips a video. The cursor of the
    next page is its number.
    """
    start, end = (number - 1) * size, number * size
    session = _newest(feed) if number > 1 else None
    if session is None:
        session = _new_session(feed)
        session.save(force_insert=True)
    added: Additions = []
    eligible = feed.eligible(last_resort=True)
    if not session.complete and start < eligible.count():
        added = _grow_stored(session, feed, beyond=end)
    window = _planned(session, start, end)
    videos = _among(eligible, window)
    shown = [
        Placed(place, item, videos[item.video_id])
        for place, item in enumerate(window, start)
        if item.video_id in videos
    ]
    return FeedPage(
        items=_items(feed.viewer, shown),
        next_cursor=str(number + 1) if len(session.items) > end else "",
        feed_id=session.feed_id,
        logged=_logged(added),
        teams=_teams(added),
    )


def prune() -> int:
    """Delete feeds older than `RETENTION`; returns how many rows were deleted."""
    deleted, _ = FeedSession.objects.filter(
        created_at__lt=timezone.now() - RETENTION
    ).delete()
    return deleted


def _new_session(feed: Feed) -> FeedSession:
    return FeedSession(
        user_id=feed.viewer.pk, kind=feed.kind, parameters=feed.parameters()
    )


def _cursor(session: FeedSession, place: int) -> str:
    return signing.dumps([session.feed_id.hex, place], salt=SALT)


def _resume(feed: Feed, cursor: str) -> tuple[FeedSession | None, int]:
    try:
        feed_id, place = signing.loads(cursor, salt=SALT)
    except signing.BadSignature:
        return None, 0
    session = _sessions_for(feed).filter(feed_id=feed_id).first()
    return session, place if session else 0


def _newest(feed: Feed) -> FeedSession | None:
    exactly = _sessions_for(feed).filter(parameters=feed.parameters())
    return exactly.order_by("-created_at").first()


def _sessions_for(feed: Feed) -> QuerySet[FeedSession]:
    """The stored feeds that a request for `feed` may go on with."""
    return FeedSession.objects.filter(
        user=feed.viewer.pk,
        kind=feed.kind,
        parameters__contains=feed.parameters(),
        created_at__gt=timezone.now() - LIFETIME,
    )


def _planned(session: FeedSession, start: int, end: int | None) -> list[PlannedItem]:
    return [PlannedItem.from_json(row) for row in session.items[start:end]]


def _visible(
    session: FeedSession, feed: Feed, start: int, size: int
) -> tuple[list[Placed], int | None, Additions]:
    """Up to `size` items from place `start` on, the place of the next one (None at the
    end), and the items that were planned for this."""
    shown: list[Placed] = []
    added: Additions = []
    place = start
    while True:
        window = _planned(session, place, place + size + 1)
        if not window:
            if session.complete:
                return shown, None, added
            added += _grow_stored(session, feed, beyond=len(session.items))
            continue
        last_resort = any(item.source in LAST_RESORT for item in window)
        videos = _among(feed.eligible(last_resort=last_resort), window)
        for item in window:
            if item.video_id in videos:
                if len(shown) == size:
                    return shown, place, added
                shown.append(Placed(place, item, videos[item.video_id]))
            place += 1


def _grow(session: FeedSession, feed: Feed) -> Additions:
    """Plan the next items; returns them with their positions."""
    items = feed.extend(_planned(session, 0, None), PLAN_SIZE)
    start = len(session.items) + 1
    session.items = [*session.items, *(item.to_json() for item in items)]
    session.complete = len(items) < PLAN_SIZE
    return list(enumerate(items, start))


def _grow_stored(session: FeedSession, feed: Feed, *, beyond: int) -> Additions:
    """Plan until there are more than `beyond` items.

    The row is locked: two simultaneous requests for the next page plan it once.
    """
    added: Additions = []
    with transaction.atomic():
        locked = FeedSession.objects.select_for_update().get(pk=session.pk)
        grown = len(locked.items) <= beyond and not locked.complete
        while len(locked.items) <= beyond and not locked.complete:
            added += _grow(locked, feed)
        if grown:
            locked.save(update_fields=["items", "complete", "updated_at"])
    session.items, session.complete = locked.items, locked.complete
    return added


def _logged(added: Additions) -> list[tuple[int, int, LoggedFeatures]]:
    return [
        (position, item.video_id, item.logged)
        for position, item in added
        if item.logged is not None
    ]


def _teams(added: Additions) -> dict[int, str]:
    return {item.video_id: item.team for _, item in added if item.team}


def _among(videos: Videos, window: Sequence[PlannedItem]) -> dict[int, Video]:
    """The videos of the items that are among `videos`, by key."""
    rows = videos.filter(pk__in=[item.video_id for item in window])
    return {video.pk: video for video in rows.select_related("creator")}


def _items(viewer: Viewer, shown: Sequence[Placed]) -> list[FeedItem]:
    progress = progress_of(viewer.user, [video for _, _, video in shown])
    return [
        FeedItem(
            video,
            item.source,
            item.score,
            item.reason,
            place + 1,
            progress.get(video.pk),
            item.widened,
        )
        for place, item, video in shown
    ]
