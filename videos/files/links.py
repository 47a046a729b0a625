"""URLs of a video's file and thumbnail, for apps.

A public video has a plain URL. The URL of any other carries a signed key, since players
send no tokens: for `LIFETIME` it gives access to that one video.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urlencode

from django.core import signing
from django.urls import reverse
from django.utils import timezone
from rest_framework.request import Request

from videos.models import Video

LIFETIME = timedelta(hours=6)
SALT = "videos.links"
ANY_ID = "_" * 11


def signed_video_id(key: str) -> str:
    """The video id that `key` was signed for. Raises `signing.BadSignature`."""
    video_id: str = signing.loads(key, salt=SALT, max_age=LIFETIME)
    return video_id


def file_url(request: Request, video: Video) -> str:
    """The URL of the file here, or the external URL of a video without one."""
    if not video.video_file:
        return video.external_url
    return _url(request, "video_file", video)


def thumbnail_url(request: Request, video: Video) -> str | None:
    return _url(request, "video_thumbnail", video) if video.thumbnail else None


def thumbnails(request: Request, video: Video) -> list[dict[str, str | int]]:
    """Each width in which the thumbnail is stored and its URL, the smallest first."""
    if not video.thumbnail_widths:
        return []
    path, mark, key = _url(request, "video_thumbnail", video).partition("?")
    return [
        {"width": width, "url": f"{path}{width}/{mark}{key}"}
        for width in video.thumbnail_widths
    ]


def expiry(video: Video) -> datetime | None:
    """When a URL that is made now expires; None if it does not."""
    return timezone.now() + LIFETIME if _needs_key(video) else None


def _needs_key(video: Video) -> bool:
    return not (video.visibility == Video.Visibility.PUBLIC and video.is_ready)


@lru_cache
def _template(name: str) -> str:
    """The path of a view with `ANY_ID`. It takes long to find for each video."""
    return reverse(name, args=[ANY_ID])


def _url(request: Request, name: str, video: Video) -> str:
    url = _template(name).replace(ANY_ID, str(video.video_id))
    if _needs_key(video):
        key = signing.dumps(video.video_id, salt=SALT)
        url = f"{url}?{urlencode({'key': key})}"
    return request.build_absolute_uri(url)
