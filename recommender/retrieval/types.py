"""The request that sources answer with candidates."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from recommender.ml.models.base import Model
from recommender.retrieval.viewer import Videos, Viewer
from videos.models import Video

LIMIT = 300
LEARNED = "learned"  # the source of what the model of a request recommends


@dataclass(frozen=True)
class Request:
    """A request for up to `limit` candidates from each source.

    `videos` are the eligible videos, without those in `excluded`. `model` ranks the
    feed, if there is one. `related_to` is the video that a Related feed belongs to.
    """

    viewer: Viewer
    videos: Videos
    model: Model | None = None
    excluded: Collection[int] = field(default=frozenset())
    related_to: Video | None = None
    limit: int = LIMIT
