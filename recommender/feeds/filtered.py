"""A feed of the videos that an API client selects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q

from recommender.feeds.home import Home
from recommender.feeds.pagination import PlannedItem
from recommender.feeds.related import Related
from recommender.feeds.types import Feed
from recommender.ml.data.selection import Selection
from recommender.ml.models.base import Model
from recommender.retrieval.viewer import Videos, Viewer
from videos.models import Video


@dataclass(frozen=True)
class Filtered:
    """`feed` under another kind, and parameters that say what it is filtered by."""

    feed: Feed
    kind: str
    stored_parameters: Mapping[str, str]

    @property
    def viewer(self) -> Viewer:
        return self.feed.viewer

    @property
    def related_to(self) -> Video | None:
        return self.feed.related_to

    def models(self) -> list[Model]:
        return self.feed.models()

    def parameters(self) -> dict[str, str]:
        return dict(self.stored_parameters)

    @property
    def hides_seen(self) -> bool:
        return self.feed.hides_seen

    def eligible(self) -> Videos:
        return self.feed.eligible()

    def selected(self, *, last_resort: bool) -> Selection:
        return self.feed.selected(last_resort=last_resort)

    def extend(self, planned: Sequence[PlannedItem], count: int) -> list[PlannedItem]:
        return self.feed.extend(planned, count)


def filtered(
    feed: Home | Related, condition: Q, *, kind: str, parameters: Mapping[str, str]
) -> Filtered:
    """`feed` with only the videos that fulfil `condition`."""
    return Filtered(replace(feed, condition=condition), kind, parameters)
