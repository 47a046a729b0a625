"""Which videos a feed may draw from: querysets, so visibility is checked in SQL.

Every source of candidates starts from one of these, and what the model retrieves is
filtered by them before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from interactions.models import Engagement, NotInterested
from recommender.retrieval.viewer import Viewer
from videos.models import Category, ParentCategory, Video

Videos = QuerySet[Video]


def listed(viewer: Viewer) -> Videos:
    """Public, ready, and not dismissed by the viewer: what any feed may show."""
    videos = Video.objects.listed()
    if viewer.pk is None:
        return videos
    dismissed = NotInterested.objects.filter(user=viewer.pk)
    return videos.exclude(pk__in=dismissed.values("video"))


def by_others(viewer: Viewer) -> Videos:
    """`listed`, less the viewer's own."""
    return listed(viewer) if viewer.pk is None else not_by(listed(viewer), viewer.pk)


def unseen(viewer: Viewer) -> Videos:
    """`by_others`, less what the viewer has seen: what Home and Related show."""
    if viewer.pk is None:
        return by_others(viewer)
    seen = Engagement.objects.filter(user=viewer.pk, viewed=True)
    return by_others(viewer).exclude(pk__in=seen.values("video"))


def not_by(videos: Videos, user_id: int) -> Videos:
    return videos.exclude(creator=user_id)


def in_parents(videos: Videos, parents: Iterable[int]) -> Videos:
    """Those in any of the parent categories (keys)."""
    through = Video.parent_categories.through.objects
    rows = through.filter(parentcategory__in=list(parents))
    return videos.filter(pk__in=rows.values("video"))


def in_categories(videos: Videos, categories: Iterable[int]) -> Videos:
    """Those in any of the categories (keys)."""
    through = Video.categories.through.objects
    rows = through.filter(category__in=list(categories))
    return videos.filter(pk__in=rows.values("video"))


def within(videos: Videos, category: Category | ParentCategory | None) -> Videos:
    """Those in one category of either level; all of them for None."""
    if category is None:
        return videos
    if isinstance(category, ParentCategory):
        return in_parents(videos, [category.pk])
    return in_categories(videos, [category.pk])
