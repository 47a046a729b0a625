"""Thumbnails in several widths, so that each screen loads what it shows.

They are stored beside the thumbnail, as WebP: half the size of the JPEG, and encoded in
a quarter of the time of AVIF.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Iterator

from django.core.files.base import ContentFile
from django.db.models.fields.files import FieldFile
from PIL import Image

from videos.models import Video

WIDTHS = (320, 480, 720, 1080)  # pixels; no wider than the thumbnail
QUALITY = 75
BATCH = 100

logger = logging.getLogger(__name__)


def make_renditions(video: Video) -> None:
    """Store the thumbnail of `video` in each of `WIDTHS`, and the widths in its row.

    A thumbnail that cannot be read has none.
    """
    try:
        widths = _store(video.thumbnail) if video.thumbnail else []
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        logger.warning("The thumbnail of video %s cannot be read: %s", video.pk, error)
        widths = []
    video.thumbnail_widths = widths
    Video.objects.filter(pk=video.pk, thumbnail=str(video.thumbnail.name)).update(
        thumbnail_widths=widths
    )


def make_missing(*, seconds: float) -> int:
    """Make the renditions of thumbnails without, newest first, for about `seconds`.

    Returns of how many.
    """
    end, count = time.monotonic() + seconds, 0
    for video in _missing():
        make_renditions(video)
        count += 1
        if time.monotonic() > end:
            break
    return count


def _missing() -> Iterator[Video]:
    while batch := list(Video.objects.without_renditions().order_by("-pk")[:BATCH]):
        yield from batch


def _store(thumbnail: FieldFile) -> list[int]:
    with thumbnail.storage.open(str(thumbnail.name)) as stored:
        picture = Image.open(stored).convert("RGB")
    widths = sorted({min(width, picture.width) for width in WIDTHS})
    for width in widths:
        height = max(1, round(picture.height * width / picture.width))
        output = io.BytesIO()
        small = picture.resize((width, height), Image.Resampling.LANCZOS)
        small.save(output, "WEBP", quality=QUALITY)
        name = Video.rendition_name(str(thumbnail.name), width)
        thumbnail.storage.delete(name)  # of an earlier attempt
        thumbnail.storage.save(name, ContentFile(output.getvalue()))
    return widths
