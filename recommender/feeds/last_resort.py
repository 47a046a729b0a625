"""Items for a feed that has nothing else: seen videos, else the viewer's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from recommender.feeds.pagination import PlannedItem, as_planned
from recommender.feeds.types import Feed
from recommender.ml.ranking.fusion import concatenate
from recommender.retrieval.queries import popular
from recommender.retrieval.sources import LAST_RESORT, OWN, WATCH_AGAIN
from recommender.retrieval.types import Request


def watch_again(
    feed: Feed, planned: Sequence[PlannedItem], count: int
) -> list[PlannedItem]:
    """Up to `count` items; none for a feed that began with other sources."""
    if count <= 0 or any(item.source not in LAST_RESORT for item in planned):
        return []
    viewer, listed = feed.viewer, feed.selected(last_resort=True)
    excluded = {item.video_id for item in planned}
    own = () if viewer.pk is None else (viewer.pk,)
    for source, videos in (
        (WATCH_AGAIN, listed.not_of_creators(own)),
        (OWN, listed.of_creators(own)),
    ):
        if planned and planned[0].source != source:
            continue
        request = Request(
            viewer, videos.without(list(excluded)), excluded=excluded, limit=count
        )
        ranked = concatenate([(source, popular(request))], count=count)
        if ranked:
            return as_planned([replace(item, source=source) for item in ranked], None)
    return []
