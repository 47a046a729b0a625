"""What a stored feed holds, readable for administrators."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from recommender.feeds.pagination import PlannedItem, texts_of
from recommender.ml.models.base import Model
from recommender.models import FeedSession
from recommender.registry import serving
from recommender.retrieval.viewer import Viewer
from videos.models import Video


@dataclass(frozen=True)
class StoredItem:
    """A planned item. `video` is None, and `reason` empty, if it was deleted since."""

    position: int
    planned: PlannedItem
    video: Video | None
    reason: str


@dataclass(frozen=True)
class _Origin:
    viewer: Viewer
    related_to: Video | None

    def models(self) -> list[Model]:
        model = serving.active_model()
        return [model] if model is not None else []


def stored_items(session: FeedSession, *, limit: int) -> list[StoredItem]:
    """The first `limit` items of `session`, with the reasons as of now."""
    planned = [PlannedItem.from_json(row) for row in session.items[:limit]]
    rows = Video.objects.filter(pk__in=[item.video_id for item in planned])
    videos = {video.pk: video for video in rows.select_related("creator")}
    present = [
        (item, videos[item.video_id]) for item in planned if item.video_id in videos
    ]
    texts = iter(texts_of(_origin(session), present))
    return [
        StoredItem(position, item, video, next(texts) if video else "")
        for position, item in enumerate(planned, 1)
        for video in [videos.get(item.video_id)]
    ]


def _origin(session: FeedSession) -> _Origin:
    video_id = session.parameters.get("video")
    related_to = Video.objects.filter(video_id=video_id).first() if video_id else None
    return _Origin(Viewer(session.user or AnonymousUser()), related_to)
