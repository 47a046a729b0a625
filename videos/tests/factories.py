from __future__ import annotations

from itertools import count
from typing import Any

from django.utils import timezone

from accounts.tests.factories import make_user
from videos.models import Category, ParentCategory, Video

_numbers = count(1)


def make_parent_category(**overrides: Any) -> ParentCategory:
    number = next(_numbers)
    values = {"name": f"Parent {number}", "slug": f"parent-{number}", "icon": "🎵"}
    return ParentCategory.objects.create(**values | overrides)


def make_category(**overrides: Any) -> Category:
    number = next(_numbers)
    values: dict[str, Any] = {"name": f"Category {number}", "slug": f"cat-{number}"}
    if "parent_category" not in overrides:
        values["parent_category"] = make_parent_category()
    return Category.objects.create(**values | overrides)


def make_video(*, categories: list[Category] | None = None, **overrides: Any) -> Video:
    """A ready, public video elsewhere; its categories' parents are set with them."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "title": f"Video {number}",
        "external_url": f"https://example.com/{number}.mp4",
        "duration": 60.0,
        "state": Video.State.READY,
        "published_at": timezone.now(),
    }
    if "creator" not in overrides:
        values["creator"] = make_user()
    video = Video.objects.create(**values | overrides)
    if categories:
        video.categories.set(categories)
        video.parent_categories.set([c.parent_category for c in categories])
    return video
