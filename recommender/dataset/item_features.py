"""The features of videos from which a model computes vectors for new ones."""

from __future__ import annotations

from django.db.models import QuerySet

from recommender.dataset.text_embeddings import video_text
from recommender.ml.data.features import ItemFeatures
from videos.models import Video


def item_features(videos: QuerySet[Video]) -> list[ItemFeatures]:
    rows = videos.prefetch_related("categories", "parent_categories")
    return [
        ItemFeatures(
            id=video.pk,
            text=video_text(video.title, video.description),
            duration=video.duration,
            created=(video.published_at or video.created_at).timestamp(),
            creator_id=video.creator_id,
            category_ids=[category.pk for category in video.categories.all()],
            parent_ids=[parent.pk for parent in video.parent_categories.all()],
        )
        for video in rows
    ]
