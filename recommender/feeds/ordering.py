"""Any feed in the ordering that a client chooses.

An ordering leaves the eligible videos of a feed as they are. It puts the newest or the
trending first, restricts the feed to followed creators, or ranks it by a named model.
The public API calls an ordering `strategy`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recommender.feeds.pagination import PlannedItem, as_planned
from recommender.feeds.types import FOR_YOU, Feed
from recommender.ml.data.selection import Selection
from recommender.ml.models.base import Model
from recommender.ml.models.registry import MODELS
from recommender.ml.ranking.fusion import concatenate
from recommender.registry import serving
from recommender.retrieval.queries import CATALOGUE, retrieve
from recommender.retrieval.sources import LAST_RESORT, SOURCES
from recommender.retrieval.types import LEARNED, Request
from recommender.retrieval.viewer import Videos, Viewer
from videos.models import Video

FOLLOWING = "following"
# The orderings without a model: "newest", "trending" and `FOLLOWING`.
BY_SOURCES = {
    ordering: tuple(s.name for s in SOURCES.values() if s.ordering == ordering)
    for ordering in ("newest", "trending", FOLLOWING)
}
ORDERINGS = (FOR_YOU, *BY_SOURCES, *MODELS)


class NoSuchOrdering(ValueError):
    """No ordering, or no run of that model; the message lists those there are."""


def available() -> list[str]:
    """The orderings that `ordered` takes now."""
    return [FOR_YOU, *BY_SOURCES, *serving.model_names()]


def ordered(feed: Feed, ordering: str) -> Feed:
    """`feed` in this ordering; raises `NoSuchOrdering`."""
    if ordering == FOR_YOU or ordering in BY_SOURCES:
        return Ordered(feed, ordering)
    model = serving.model_named(ordering) if ordering in MODELS else None
    if model is None:
        raise NoSuchOrdering(
            f"There is no strategy “{ordering}” now. "
            f"Use one of {', '.join(available())}."
        )
    return Ordered(feed, ordering, model)


@dataclass(frozen=True)
class Ordered:
    """The eligible videos of another feed in an ordering, which may be a model's."""

    feed: Feed
    ordering: str
    model: Model | None = None

    @property
    def viewer(self) -> Viewer:
        return self.feed.viewer

    @property
    def kind(self) -> str:
        return self.feed.kind

    @property
    def related_to(self) -> Video | None:
        return self.feed.related_to

    def models(self) -> list[Model]:
        return [self.model] if self.model is not None else self.feed.models()

    def parameters(self) -> dict[str, str]:
        return self.feed.parameters() | {"strategy": self.ordering}

    @property
    def hides_seen(self) -> bool:
        return self.feed.hides_seen

    def eligible(self) -> Videos:
        videos = self.feed.eligible()
        if self.ordering == FOLLOWING:
            videos = videos.filter(creator__in=list(self.viewer.followed))
        return videos

    def selected(self, *, last_resort: bool) -> Selection:
        videos = self.feed.selected(last_resort=last_resort)
        if self.ordering == FOLLOWING:
            videos = videos.of_creators(list(self.viewer.followed))
        return videos

    def extend(self, planned: Sequence[PlannedItem], count: int) -> list[PlannedItem]:
        exhausted = any(item.source in LAST_RESORT for item in planned)
        if self.ordering == FOR_YOU or exhausted:
            return self.feed.extend(planned, count)
        request = self._request(planned)
        found = retrieve(request, [SOURCES[name] for name in self._sources()])
        ranked = concatenate(
            [(name, found[name]) for name in self._order()],
            count=count,
            fillers=CATALOGUE,
        )
        if not ranked and not planned and self.ordering != FOLLOWING:
            return self.feed.extend(planned, count)  # its items of last resort
        return as_planned(ranked, self.model)

    def _sources(self) -> tuple[str, ...]:
        """The sources, without the model, which cannot rank videos it does not know."""
        if self.model is None:
            return BY_SOURCES[self.ordering]
        if self.related_to is not None:
            return ("similar", "same_category", "popular")
        return ("popular",)

    def _order(self) -> tuple[str, ...]:
        """The lists in their order. On Related a model provides neighbours alone, not
        what it recommends to the viewer."""
        if self.model is None or self.related_to is not None:
            return self._sources()
        return (LEARNED, *self._sources())

    def _request(self, planned: Sequence[PlannedItem]) -> Request:
        excluded = {item.video_id for item in planned}
        return Request(
            self.viewer,
            self.selected(last_resort=False).without(list(excluded)),
            model=self.model,
            excluded=excluded,
            related_to=self.related_to,
        )
