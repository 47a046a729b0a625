"""Related: what to watch after a video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Q

from recommender.feeds.home import FUSED_PER_ITEM
from recommender.feeds.last_resort import watch_again
from recommender.feeds.pagination import PlannedItem, as_planned
from recommender.feeds.types import FOR_YOU, no_model
from recommender.ml.data.selection import Selection
from recommender.ml.models.base import Model
from recommender.ml.ranking.diversity import diversify
from recommender.ml.ranking.fusion import fuse
from recommender.retrieval.queries import CATALOGUE, fulfilling, retrieve
from recommender.retrieval.sources import BY_LAYOUT, RELATED_WEIGHTS
from recommender.retrieval.types import Layout, Request
from recommender.retrieval.viewer import Videos, Viewer
from videos.models import Video

RELEVANCE = 0.97  # Related varies less than Home: it stays close to its video


@dataclass(frozen=True)
class Related:
    """Unseen videos that are similar to `video` and fulfil `condition`."""

    viewer: Viewer
    video: Video
    find_model: Callable[[], Model | None] = no_model
    condition: Q = field(default_factory=Q)
    kind = "related"
    hides_seen = True

    @cached_property
    def model(self) -> Model | None:
        """The model that ranks the feed, read when the feed is first extended."""
        return self.find_model()

    def models(self) -> list[Model]:
        return [self.model] if self.model is not None else []

    @property
    def related_to(self) -> Video:
        return self.video

    def parameters(self) -> dict[str, str]:
        return {"video": self.video.video_id, "strategy": FOR_YOU}

    def eligible(self) -> Videos:
        return Video.objects.listed().exclude(pk=self.video.pk).filter(self.condition)

    def selected(self, *, last_resort: bool) -> Selection:
        viewer = self.viewer
        videos = viewer.listed() if last_resort else viewer.unseen()
        return fulfilling(videos.without([self.video.pk]), self.condition)

    def extend(self, planned: Sequence[PlannedItem], count: int) -> list[PlannedItem]:
        excluded = {item.video_id for item in planned}
        request = Request(
            self.viewer,
            self.selected(last_resort=False).without(list(excluded)),
            model=self.model,
            excluded=excluded,
            related_to=self.video,
        )
        fused = fuse(
            retrieve(request, BY_LAYOUT[Layout.RELATED]),
            RELATED_WEIGHTS,
            count=FUSED_PER_ITEM * count,
            fillers=CATALOGUE,
        )
        ranked = diversify(
            fused,
            self.viewer.catalogue.describe([item.video_id for item in fused]),
            count=count,
            relevance=RELEVANCE,
            model=self.model,
        )
        if not ranked:
            return watch_again(self, planned, count)
        return as_planned(ranked, self.model)
