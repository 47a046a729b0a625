"""Addresses of a video's file and picture, for apps.

What is public has a plain address. For the rest a key goes with it, since players send
no tokens: it opens this one video, for some hours, to whoever holds the address.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from rest_framework.request import Request

from videos.models import Video

LIFETIME = timedelta(hours=6)
SALT = "videos.links"


def openable(request: HttpRequest) -> QuerySet[Video]:
    """Whatever the person may see, and what the key in the address opens."""
    key = request.GET.get("key")
    if key is None:
        return Video.objects.visible_to(request.user)
    try:
        video_id = signing.loads(key, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return Video.objects.visible_to(request.user)
    return Video.objects.filter(video_id=video_id)


def file_url(request: Request, video: Video) -> str:
    """Where the video itself is: here, or elsewhere."""
    if not video.video_file:
        return video.external_url
    return _address(request, "video_file", video)


def thumbnail_url(request: Request, video: Video) -> str | None:
    return _address(request, "video_thumbnail", video) if video.thumbnail else None


def expiry(video: Video) -> datetime | None:
    """When an address that is given out now stops to work."""
    return timezone.now() + LIFETIME if _needs_key(video) else None


def _needs_key(video: Video) -> bool:
    return not (video.visibility == Video.Visibility.PUBLIC and video.is_ready)


def _address(request: Request, name: str, video: Video) -> str:
    address = reverse(name, args=[video.video_id])
    if _needs_key(video):
        key = signing.dumps(video.video_id, salt=SALT)
        address = f"{address}?{urlencode({'key': key})}"
    return request.build_absolute_uri(address)
