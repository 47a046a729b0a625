"""Pagination: a feed is planned some pages ahead and stored, so that "load more" goes
on exactly after the page before, whatever was uploaded or watched in between.

Later pages leave out videos that were hidden, dismissed or seen since they were
planned. A cursor is signed, belongs to one feed of one viewer, and expires.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from interactions import asynchronous_commit
from recommender.feeds.reasons import Shown, reasons
from recommender.feeds.types import SUBJECTS, Feed, FeedItem, FeedPage, Origin
from recommender.ml.models.base import Model
from recommender.ml.ranking.candidates import Evidence, LoggedFeatures, Ranked
from recommender.models import FeedSession
from recommender.retrieval.sources import LAST_RESORT
from recommender.retrieval.types import LEARNED
from videos.models import Video
from videos.progress import progress_of

LIFETIME = timedelta(hours=12)
RETENTION = timedelta(days=2)
PLAN_SIZE = 72
SALT = "recommender.sessions"
RESTARTED = "This list was out of date, so it starts again."
# How older versions began the reasons of widened items.
WIDENED_PREFIX = "Beyond your interests · "
SUBJECTS_ONLY = (SUBJECTS,)


@dataclass(frozen=True)
class PlannedItem:
    """One video of a feed. `logged` features and the `team` are not stored with it.

    `widened` has the choices, `MOOD` and `SUBJECTS`, that the video lies outside of,
    because nothing was left in them. The `reason` is empty until the video
    is shown; older versions stored it.
    """

    video_id: int
    source: str
    score: float
    evidence: Evidence | None = None
    widened: tuple[str, ...] = ()
    reason: str = ""
    logged: LoggedFeatures | None = field(default=None, compare=False)
    team: str = field(default="", compare=False)  # its arm in an interleaved feed

    def to_json(self) -> dict[str, Any]:
        evidence = self.evidence
        return {
            "video": self.video_id,
            "source": self.source,
            "score": self.score,
            "evidence": [evidence.kind, evidence.pk] if evidence else None,
            "widened": list(self.widened),
        }

    @classmethod
    def from_json(cls, row: Any) -> PlannedItem:
        """Also reads rows of older versions, which hold the reason: lists of a video,
        its source, score and reason, and objects without evidence."""
        if isinstance(row, list):
            video_id, source, score, reason = row
            widened = SUBJECTS_ONLY if reason.startswith(WIDENED_PREFIX) else ()
            reason = reason.removeprefix(WIDENED_PREFIX)
            return cls(video_id, source, score, widened=widened, reason=reason)
        evidence, widened = row.get("evidence"), row["widened"]
        if isinstance(widened, bool):
            widened = SUBJECTS_ONLY if widened else ()
        return cls(
            row["video"],
            row["source"],
            row["score"],
            Evidence(*evidence) if evidence else None,
            tuple(widened),
            row.get("reason", "").removeprefix(WIDENED_PREFIX),
        )


def as_planned(ranked: Sequence[Ranked], model: Model | None) -> list[PlannedItem]:
    """The ranked videos as items of a feed. The source of what the model found is the
    model's name."""
    learned = model.name if model is not None else LEARNED
    return [
        PlannedItem(
            item.video_id,
            learned if item.source == LEARNED else item.source,
            item.score,
            item.evidence,
            logged=item.logged,
        )
        for item in ranked
    ]


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
        _store(session)
    shown, end, more = _visible(session, feed, start, size)
    return FeedPage(
        items=_items(feed, shown),
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
    if not session.complete and start < feed.selected(last_resort=True).count():
        added = _grow_stored(session, feed, beyond=end)
    window = _planned(session, start, end)
    videos = _among(feed, window, last_resort=True)
    shown = [
        Placed(place, item, videos[item.video_id])
        for place, item in enumerate(window, start)
        if item.video_id in videos
    ]
    return FeedPage(
        items=_items(feed, shown),
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


def _store(session: FeedSession) -> None:
    now = timezone.now()
    row = {
        "feed_id": session.feed_id,
        "user_id": session.user_id,
        "kind": session.kind,
        "parameters": json.dumps(session.parameters),
        "items": json.dumps(session.items),
        "complete": session.complete,
        "created_at": now,
        "updated_at": now,
    }
    asynchronous_commit.insert(FeedSession, [row])


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
        videos = _among(feed, window, last_resort=last_resort)
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


def _among(
    feed: Feed, window: Sequence[PlannedItem], *, last_resort: bool
) -> dict[int, Video]:
    """The videos of the items that may be shown now, by key."""
    rows = feed.eligible().filter(pk__in=[item.video_id for item in window])
    unseen = feed.hides_seen and not last_resort
    return {
        video.pk: video
        for video in rows.for_cards()
        if feed.viewer.may_be_shown(video, unseen=unseen)
    }


def _items(feed: Feed, shown: Sequence[Placed]) -> list[FeedItem]:
    if not shown:
        return []
    begun = [video for _, _, video in shown if video.pk in feed.viewer.begun]
    progress = progress_of(feed.viewer.user, begun) if begun else {}
    texts = texts_of(feed, [(item, video) for _, item, video in shown])
    return [
        FeedItem(
            video,
            item.source,
            item.score,
            text,
            place + 1,
            progress.get(video.pk),
            item.widened,
        )
        for (place, item, video), text in zip(shown, texts, strict=True)
    ]


def texts_of(feed: Origin, items: Sequence[tuple[PlannedItem, Video]]) -> list[str]:
    """The reason of each item."""
    new = [
        Shown(video, item.source, (item.evidence,) if item.evidence else ())
        for item, video in items
        if not item.reason
    ]
    found = iter(reasons(feed.viewer, new, feed.models(), feed.related_to))
    return [item.reason or next(found) for item, _ in items]
