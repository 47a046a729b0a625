"""Graph evidence: what other people's actions say about a video, as far as the viewer
may know of them.

Likes count only as a number of at least `FEWEST_LIKERS` followed people who chose to
share their likes; co-watches only as those of a crowd.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from accounts.models import User
from recommender.graph import queries
from recommender.graph.queries.interface import FINISHED
from recommender.retrieval.viewer import Viewer
from videos.models import Video

FEWEST_LIKERS = 3
ANCHORS = 10  # of the viewer's newest finished videos


@dataclass(frozen=True)
class GraphEvidence:
    """By video key: the number of `likers`, and the anchors whose viewers `finished`
    the video, the one that most of them finished first."""

    likers: Mapping[int, int]
    finished: Mapping[int, tuple[int, ...]]


def for_videos(
    viewer: Viewer,
    videos: Collection[int],
    *,
    co_watched: Collection[int] | None = None,
    related_to: Video | None = None,
) -> GraphEvidence:
    """Evidence that leads to `videos` by likes, and to those of `co_watched` (by
    default all) from the anchors: `related_to`, or the videos that the viewer finished.

    Queries the graph once, and PostgreSQL once if there are likes.
    """
    anchors = [related_to.pk] if related_to else _finished_by(viewer)
    if co_watched is None:
        co_watched = videos
    if not co_watched:
        anchors = []
    liked = sorted(videos) if viewer.followed else []
    if not (liked or anchors):
        return GraphEvidence({}, {})
    paths = queries.graph().paths(
        viewer=viewer.pk, anchors=anchors, videos=sorted({*liked, *co_watched})
    )
    return GraphEvidence(
        _sharing_likers({video: path.likers for video, path in paths.items()}, viewer),
        {
            video: tuple(anchor.video_id for anchor in path.finished)
            for video, path in paths.items()
            if path.finished
        },
    )


def _finished_by(viewer: Viewer) -> list[int]:
    finished = [
        row.video_id
        for row in viewer.newest
        if row.score > 0 and row.fraction >= FINISHED
    ]
    return finished[:ANCHORS]


def _sharing_likers(
    likers: Mapping[int, Collection[int]], viewer: Viewer
) -> dict[int, int]:
    """By video, the number of its likers who share their likes, where it suffices."""
    enough = {
        video: keys for video, keys in likers.items() if len(keys) >= FEWEST_LIKERS
    }
    if not enough:
        return {}
    sharing = set(
        User.objects.filter(
            pk__in=set().union(*enough.values()),
            is_active=True,
            share_likes=True,
            followers__follower=viewer.pk,
        ).values_list("pk", flat=True)
    )
    counts = {video: len(sharing.intersection(keys)) for video, keys in enough.items()}
    return {video: n for video, n in counts.items() if n >= FEWEST_LIKERS}
