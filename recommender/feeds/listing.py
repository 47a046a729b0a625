"""Listings: lists in which seen videos keep their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Q

from recommender.feeds.home import FUSED_PER_ITEM, weights
from recommender.feeds.pagination import PlannedItem, as_planned
from recommender.feeds.types import FOR_YOU, AnyCategory, no_model
from recommender.ml.data.selection import Selection
from recommender.ml.models.base import Model
from recommender.ml.ranking.diversity import diversify
from recommender.ml.ranking.fusion import fuse
from recommender.retrieval.queries import CATALOGUE, fulfilling, retrieve, within
from recommender.retrieval.sources import BY_LAYOUT
from recommender.retrieval.types import Layout, Request
from recommender.retrieval.viewer import Videos, Viewer
from videos.models import Video
from videos.moods import store

MOOD = "mood"  # the kind of a list of one mood


@dataclass(frozen=True)
class Listing:
    """All listed videos, or those of a category, of creators or of the viewer's mood.

    The mood selects only in a list of the kind `MOOD`.
    """

    viewer: Viewer
    kind: str
    find_model: Callable[[], Model | None] = no_model
    category: AnyCategory | None = None
    creators: tuple[int, ...] | None = None
    condition: Q = field(default_factory=Q)
    related_to = None
    hides_seen = False

    @cached_property
    def model(self) -> Model | None:
        """The model that ranks the feed, read when the feed is first extended."""
        return self.find_model()

    def models(self) -> list[Model]:
        return [self.model] if self.model is not None else []

    def parameters(self) -> dict[str, str]:
        return {
            "category": self.category.slug if self.category else "",
            "mood": self.viewer.mood if self.kind == MOOD else "",
            "strategy": FOR_YOU,
        }

    def eligible(self) -> Videos:
        listed = Video.objects.listed().within(self.category)
        videos = listed.filter(self.condition)
        if self.kind == MOOD:
            videos = store.in_mood(videos, self.viewer.mood)
        if self.creators is not None:
            videos = videos.filter(creator__in=self.creators)
        return videos

    def selected(self, *, last_resort: bool = False) -> Selection:
        videos = fulfilling(within(self.viewer.listed(), self.category), self.condition)
        if self.kind == MOOD:
            videos = videos.in_mood(self.viewer.mood)
        if self.creators is not None:
            videos = videos.of_creators(self.creators)
        return videos

    def extend(self, planned: Sequence[PlannedItem], count: int) -> list[PlannedItem]:
        excluded = {item.video_id for item in planned}
        request = Request(
            self.viewer,
            self.selected().without(list(excluded)),
            model=self.model,
            excluded=excluded,
        )
        layout = Layout.MOOD if self.kind == MOOD else Layout.LISTING
        fused = fuse(
            retrieve(request, BY_LAYOUT[layout]),
            weights(self.viewer),
            count=FUSED_PER_ITEM * count,
            fillers=CATALOGUE,
        )
        ranked = diversify(
            fused,
            self.viewer.catalogue.describe([item.video_id for item in fused]),
            count=count,
            model=self.model,
        )
        return as_planned(ranked, self.model)
