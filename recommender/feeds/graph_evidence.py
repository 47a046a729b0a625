"""Ways through the graph to a video, as far as its viewer may be told of them.

A like is told only as a number of at least `FEWEST_LIKERS` people whom the viewer
follows and who chose to share what they like; a co-watch only of a crowd.
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
ANCHORS = 10  # of the viewer's newest, so many that they finished


@dataclass(frozen=True)
class Ways:
    """By video: how many `likers`; and what others `finished` who watched it, the video
    that most of them did first."""

    likers: Mapping[int, int]
    finished: Mapping[int, tuple[int, ...]]


def to_videos(
    viewer: Viewer, videos: Collection[int], beside: Video | None = None
) -> Ways:
    """What leads to `videos` from the viewer's own, or from the video `beside`.

    One question to the graph, and where it tells of likes one to PostgreSQL.
    """
    anchors = [beside.pk] if beside else _finished_by(viewer)
    if not videos or not (anchors or viewer.followed):
        return Ways({}, {})
    paths = queries.graph().paths(
        viewer=viewer.pk, anchors=anchors, videos=sorted(videos)
    )
    return Ways(
        _who_share({video: path.likers for video, path in paths.items()}, viewer),
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


def _who_share(likers: Mapping[int, Collection[int]], viewer: Viewer) -> dict[int, int]:
    """By video, how many of its likers may be counted, where there are enough."""
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
