"""A feed, its pages and their items."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from recommender.ml.data.selection import Selection
from recommender.ml.models.base import Model
from recommender.ml.ranking.candidates import LoggedFeatures
from recommender.retrieval.viewer import Videos, Viewer
from videos.models import Category, ParentCategory, Video

if TYPE_CHECKING:
    from recommender.feeds.pagination import PlannedItem

AnyCategory = Category | ParentCategory
FOR_YOU = "for_you"  # the ordering of a feed's own page
# The choices that Home follows while unseen videos of them are left.
MOOD, SUBJECTS = "mood", "subjects"


def no_model() -> Model | None:
    """For feeds that no model ranks."""
    return None


class Origin(Protocol):
    """Where the videos of a feed come from: what their reasons name."""

    @property
    def viewer(self) -> Viewer: ...

    @property
    def related_to(self) -> Video | None:
        """The video that the feed belongs to, if it belongs to one."""

    def models(self) -> list[Model]:
        """The models that may have found its videos."""


class Feed(Origin, Protocol):
    """One list of videos for one viewer."""

    @property
    def kind(self) -> str: ...

    def parameters(self) -> dict[str, str]:
        """The filter and ordering that distinguish it from other feeds of its kind."""

    @property
    def hides_seen(self) -> bool:
        """Whether it leaves out what the viewer has seen and their own videos, until
        nothing else is left."""

    def eligible(self) -> Videos:
        """The listed videos that belong to it, whoever looks at it."""

    def selected(self, *, last_resort: bool) -> Selection:
        """Videos that it may show, by the catalogue; more for items of last resort."""

    def extend(self, planned: Sequence[PlannedItem], count: int) -> list[PlannedItem]:
        """The items that follow: at least `count`, or all that are left."""


@dataclass(frozen=True)
class FeedItem:
    """A video in a feed.

    `position` counts from 1, `progress` is the fraction watched or None. `widened`
    has the choices that the video lies outside of, because nothing was left in them.
    """

    video: Video
    source: str
    score: float
    reason: str
    position: int
    progress: float | None
    widened: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeedPage:
    """Items and the cursor of the next page, which is empty after the last.

    `logged` holds (position, video key, features) of the items that were planned for
    this page, to be logged, `teams` the team of each of them by video key, if they have
    teams. `restarted` says that the cursor was invalid, too old or of another viewer,
    so the feed starts afresh. A page that shows the feed sets `next_url`.
    """

    items: list[FeedItem]
    next_cursor: str
    feed_id: uuid.UUID
    logged: Sequence[tuple[int, int, LoggedFeatures]] = ()
    teams: Mapping[int, str] = field(default_factory=dict)
    notice: str = ""
    restarted: bool = False
    next_url: str = ""
