"""The questions that a graph answers, and in which form.

Keys are those of PostgreSQL. A store answers from what it holds; it knows nothing of
visibility, of privacy or of words. Whoever asks checks in SQL what may be shown, so no
answer goes to a page as it is.

Nobody learns from a co-watch what one person watched: it is told only where at least
`CROWD` people other than the asker did both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

CROWD = 5  # the fewest people that a co-watch may be told of
FINISHED = 0.9  # the fraction from which a video counts as finished
SAMPLE = 200  # so many of those who finished a video, the newest, speak for them all
MOST_LIKERS = 50  # of one video


@dataclass(frozen=True)
class CoWatch:
    """How many `people` finished one video and watched the other, `video_id`."""

    video_id: int
    people: int


@dataclass(frozen=True)
class Paths:
    """Ways that lead from a viewer to one video.

    `likers`: keys of people whom the viewer follows and who liked it, in their order.
    `finished`: videos that others finished who watched this one, most people first.
    """

    likers: tuple[int, ...] = ()
    finished: tuple[CoWatch, ...] = ()


@dataclass(frozen=True)
class Acquaintance:
    """Someone not followed yet: `followed_by` so many of those whom the viewer follows,
    creator of `watched` videos that the viewer watched."""

    user_id: int
    followed_by: int
    watched: int


class Graph(Protocol):
    """A store of who watched, liked and follows whom and what.

    "Watched" is from `settings.VIEW_THRESHOLD` on; creators' watching of their own
    videos does not count.
    """

    def co_watched(
        self, videos: Sequence[int], *, viewer: int | None, limit: int
    ) -> dict[int, list[CoWatch]]:
        """What those who finished each of `videos` watched besides, most people first
        and up to `limit` each. The viewer's own watching is left out."""

    def paths(
        self, *, viewer: int | None, anchors: Sequence[int], videos: Sequence[int]
    ) -> dict[int, Paths]:
        """What leads from the viewer to each of `videos`; those without are left out.

        `anchors` are videos that the viewer knows: paths by co-watching start there.
        """

    def people_to_follow(self, viewer: int, *, limit: int) -> list[Acquaintance]:
        """Whom the viewer could follow, by how much speaks for them, then by key."""
