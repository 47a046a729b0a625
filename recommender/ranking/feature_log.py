"""The log of ranking features, joined with impressions and their outcomes.

Rows are kept for `IMPRESSIONS_KEPT`. Once a feed can get no more impressions, videos
that were never on a screen are removed from its log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db.models import Max, QuerySet
from django.utils import timezone

from interactions.api.serializers import OLDEST
from interactions.models import Impression, Like, Watch
from recommender.ml.ranking.lambdarank import GradedImpressions
from recommender.models import FeatureLog
from recommender.ranking import features
from recommender.ranking.features import COLUMN, FEATURES, LAYOUT, NAMES, FeatureRows

OUTCOME = timedelta(days=1)  # after an impression, within which outcomes count
MOST = 500_000  # impressions that one training reads, the newest
HALF, TO_THE_END = 0.5, 0.9  # fractions from which a view counts for more
LOGS_AT_ONCE = 1000

# Feed, user, video.
Key = tuple[UUID, int | None, int]


def settle_old_feeds() -> int:
    """Remove videos without impressions from old feeds, and delete expired rows.

    Returns how many feeds were settled.
    """
    now = timezone.now()
    FeatureLog.objects.filter(created_at__lt=now - settings.IMPRESSIONS_KEPT).delete()
    over = FeatureLog.objects.filter(
        settled=False, created_at__lt=now - OLDEST - OUTCOME
    )
    settled = 0
    while logs := list(over.order_by("pk")[:LOGS_AT_ONCE]):
        seen = _seen_at(logs)
        unseen = []
        for log in logs:
            kept = [
                place
                for place, video_id in enumerate(log.video_ids)
                if (log.feed_id, log.user_id, video_id) in seen
            ]
            if not kept:
                unseen.append(log.pk)
            log.signals = features.to_bytes(unpacked(log)[kept])
            log.video_ids = [log.video_ids[place] for place in kept]
            log.settled = True
        FeatureLog.objects.filter(pk__in=unseen).delete()
        FeatureLog.objects.bulk_update(
            [log for log in logs if log.video_ids], ["signals", "video_ids", "settled"]
        )
        settled += len(logs)
    return settled


def judged(*, at: datetime | None = None) -> GradedImpressions:
    """The newest impressions of users, with the logged features and a grade each.

    The oldest list comes first. The grade is 1 for a view from that feed, 2 for a view
    of half of the video, 3 for one to its end; a like within `OUTCOME` adds 1.
    """
    until = (at or timezone.now()) - OUTCOME
    logs = FeatureLog.objects.filter(
        user__isnull=False,
        layout=LAYOUT,
        created_at__gt=until - settings.IMPRESSIONS_KEPT,
    )
    parts: list[GradedImpressions] = []
    for block in _newest_first(logs):
        parts.append(_judged(block, until))
        if sum(len(part) for part in parts) >= MOST:
            break
    return _joined(parts[::-1])


def unpacked(log: FeatureLog) -> FeatureRows:
    """(len(log.video_ids), len(NAMES)) of a log of the present layout."""
    return np.frombuffer(log.signals, "<f2").reshape(-1, len(NAMES))


def _newest_first(logs: QuerySet[FeatureLog]) -> Iterator[list[FeatureLog]]:
    """The logs in blocks, each from the oldest to the newest."""
    block: list[FeatureLog] = []
    for log in logs.order_by("-created_at", "-pk").iterator(LOGS_AT_ONCE):
        block.append(log)
        if len(block) == LOGS_AT_ONCE:
            yield block[::-1]
            block = []
    if block:
        yield block[::-1]


def _judged(logs: Sequence[FeatureLog], until: datetime) -> GradedImpressions:
    seen = {key: at for key, at in _seen_at(logs).items() if at < until}
    grades = _grades(seen)
    rows, keys, lists = [], [], []
    for log in logs:
        every = unpacked(log)
        for place, video_id in enumerate(log.video_ids):
            key = (log.feed_id, log.user_id, video_id)
            if key in seen:
                rows.append(every[place])
                keys.append(key)
                # One log may hold several lists, one after the other.
                lists.append((log.pk, int(every[place, COLUMN["tier"]])))
    table = np.array(rows, np.float32).reshape(-1, len(NAMES))
    number = {each: place for place, each in enumerate(dict.fromkeys(lists))}
    return GradedImpressions(
        features=table[:, features.SHOWN],
        grades=np.array([grades.get(key, 0) for key in keys], np.int64),
        lists=np.array([number[each] for each in lists], np.int64),
        people=np.array([user for _, user, _ in keys], np.int64),
        ranked=table[:, COLUMN["propensity"]] >= 1,
    )


def _joined(parts: Sequence[GradedImpressions]) -> GradedImpressions:
    """One after the other; lists are numbered through."""
    offset, lists = 0, [np.empty(0, np.int64)]
    for part in parts:
        lists.append(part.lists + offset)
        offset += int(part.lists.max(initial=-1)) + 1
    nothing = np.empty(0, np.int64)
    return GradedImpressions(
        np.concatenate(
            [np.empty((0, len(FEATURES)), np.float32), *(p.features for p in parts)]
        ),
        np.concatenate([nothing, *(part.grades for part in parts)]),
        np.concatenate(lists),
        np.concatenate([nothing, *(part.people for part in parts)]),
        np.concatenate([nothing.astype(bool), *(part.ranked for part in parts)]),
    )


def _seen_at(logs: Sequence[FeatureLog]) -> dict[Key, datetime]:
    """When each video was on the screen of the viewer of its feed."""
    rows = Impression.objects.filter(feed_id__in={log.feed_id for log in logs})
    return {
        (feed_id, user, video): at
        for feed_id, user, video, at in rows.values_list(
            "feed_id", "user_id", "video_id", "created_at"
        )
    }


def _grades(
    seen: dict[Key, datetime],
) -> dict[Key, int]:
    feeds = {feed for feed, _, _ in seen}
    people = {user for _, user, _ in seen}
    watches = (
        Watch.objects.filter(user__in=people, feed_id__in=feeds, counted=True)
        .order_by()
        .values_list("feed_id", "user_id", "video_id")
        .annotate(fraction=Max("watch_time"))
    )
    grades = {
        (feed, user, video): 1 + (fraction >= HALF) + (fraction >= TO_THE_END)
        for feed, user, video, fraction in (
            (*key, fraction or 0.0) for *key, fraction in watches
        )
    }
    likes = Like.objects.filter(
        user__in=people, video__in={video for _, _, video in seen}
    ).values_list("user_id", "video_id", "timestamp")
    liked_at: dict[tuple[int | None, int], datetime] = {
        (user, video): at for user, video, at in likes
    }
    for key, at in seen.items():
        liked = liked_at.get(key[1:])
        if liked is not None and at <= liked <= at + OUTCOME:
            grades[key] = grades.get(key, 0) + 1
    return grades
