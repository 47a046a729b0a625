"""The interface of graph queries.

Keys are those of PostgreSQL. Stores do not check visibility or privacy settings:
callers check in SQL what may be shown before they use a result.

A co-watch never reveals what one person watched: results count at least `CROWD` people
besides the viewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

CROWD = 5  # the fewest people in a co-watch
FINISHED = 0.9  # fraction from which a video counts as finished
SAMPLE = 200  # newest people who finished a video, who represent all of them
FOLLOWED = 500  # newest followed people, whose likes are read
MAX_LIKERS = 50  # of one video


@dataclass(frozen=True)
class CoWatch:
    """How many `people` finished one video and watched the other, `video_id`."""

    video_id: int
    people: int


@dataclass(frozen=True)
class Paths:
    """Paths from a viewer to one video.

    `likers`: those of the `FOLLOWED` people that the viewer followed last who liked the
    video, in order of their keys.
    `finished`: anchors that people who watched this video finished, most people first.
    """

    likers: tuple[int, ...] = ()
    finished: tuple[CoWatch, ...] = ()


@dataclass(frozen=True)
class Acquaintance:
    """A person whom the viewer does not follow. `followed_by`: followers among the
    people the viewer follows; `watched`: own videos that the viewer watched."""

    user_id: int
    followed_by: int
    watched: int


class Graph(Protocol):
    """A store of watches, likes and follows.

    A watch counts from `settings.VIEW_THRESHOLD` on, and not on one's own videos.
    """

    def co_watched(
        self, videos: Sequence[int], *, viewer: int | None, limit: int
    ) -> dict[int, list[CoWatch]]:
        """For each of `videos`, other videos watched by people who finished it, most
        people first, up to `limit`. The viewer's own watches do not count."""

    def paths(
        self, *, viewer: int | None, anchors: Sequence[int], videos: Sequence[int]
    ) -> dict[int, Paths]:
        """The paths from the viewer to each of `videos` that has any.

        Paths by co-watches start at `anchors`, videos that the viewer watched.
        """

    def people_to_follow(self, viewer: int, *, limit: int) -> list[Acquaintance]:
        """People to follow, by `followed_by + watched` falling, then by key."""
