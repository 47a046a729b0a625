"""Lookups of videos and categories for pages, files and the API.

A video that the user may not see is `Http404`.
"""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User
from videos.files import links
from videos.models import Category, ParentCategory, Video
from videos.querysets import VideoQuerySet


def visible_video(user: User | AnonymousUser, video_id: str) -> Video:
    """The video, with its creator, if `user` may see it."""
    return get_object_or_404(
        Video.objects.visible_to(user).select_related("creator"), video_id=video_id
    )


def editable_video(user: User | AnonymousUser, video_id: str) -> Video:
    """The video, if `user` may edit it."""
    return get_object_or_404(Video.objects.editable_by(user), video_id=video_id)


def visible_file(request: HttpRequest, video_id: str) -> Video:
    """The video, if the user may see it or the `key` in the address is signed for it.

    `videos.files.links` signs such addresses.
    """
    return get_object_or_404(_with_file_open(request), video_id=video_id)


def _with_file_open(request: HttpRequest) -> VideoQuerySet:
    key = request.GET.get("key")
    if key is None:
        return Video.objects.visible_to(request.user)
    try:
        return Video.objects.filter(video_id=links.signed_video_id(key))
    except signing.BadSignature:
        return Video.objects.visible_to(request.user)


def category_by_slug(slug: str) -> Category | ParentCategory:
    """The parent category or category with this slug; a category has its parent."""
    parent = ParentCategory.objects.filter(slug=slug).first()
    categories = Category.objects.select_related("parent_category")
    return parent or get_object_or_404(categories, slug=slug)
