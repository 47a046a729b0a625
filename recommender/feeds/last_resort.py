"""Items for a feed that has nothing else: seen videos, else the viewer's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from recommender.feeds.pagination import PlannedItem
from recommender.feeds.reasons import planned as with_reasons
from recommender.feeds.types import Feed
from recommender.ml.ranking.fusion import concatenate
from recommender.retrieval.queries import retrieve
from recommender.retrieval.sources import LAST_RESORT, OWN, SOURCES, WATCH_AGAIN
from recommender.retrieval.types import Request


def watch_again(
    feed: Feed, planned: Sequence[PlannedItem], count: int
) -> list[PlannedItem]:
    """Up to `count` items; none for a feed that began with other sources."""
    if count <= 0 or any(item.source not in LAST_RESORT for item in planned):
        return []
    viewer, listed = feed.viewer, feed.eligible(last_resort=True)
    excluded = {item.video_id for item in planned}
    for source, videos in (
        (WATCH_AGAIN, listed.exclude(creator=viewer.pk)),
        (OWN, listed.filter(creator=viewer.pk)),
    ):
        if planned and planned[0].source != source:
            continue
        request = Request(
            viewer,
            videos.exclude(pk__in=excluded),
            excluded=excluded,
            limit=count,
        )
        candidates = retrieve(request, [SOURCES["popular"]])
        ranked = concatenate(candidates.by_source.values())
        if ranked:
            relabelled = [replace(item, source=source) for item in ranked]
            return with_reasons(request, relabelled, candidates.features)
    return []
