"""Processing an uploaded file into a video that browsers can play."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models.fields.files import FieldFile

from videos.files.probing import BadVideo, Probe, probe
from videos.files.renditions import make_renditions
from videos.files.thumbnails import make_thumbnail
from videos.files.transcoding import make_playable
from videos.models import Video

logger = logging.getLogger(__name__)


def process(video_pk: int, *, last_attempt: bool = False) -> None:
    """Probe the file, make it playable, take a thumbnail; then the video is READY.

    May be repeated at any time; a ready or deleted video is skipped. A file that cannot
    be used makes the video FAILED, with a message for its creator. Any other error is
    raised, for another attempt. On the last attempt the failure is stored first, in
    case the file crashes this process.
    """
    video = Video.objects.filter(pk=video_pk).first()
    if video is None or video.is_ready or not video.video_file:
        return
    if last_attempt:
        _fail(video_pk, "Something went wrong on our side. Please upload it again.")
    try:
        with _local_copy(video.video_file) as path:
            _process(video, path)
    except FileNotFoundError:
        if video.video_file.storage.exists(str(video.video_file.name)):
            raise  # ffmpeg is missing
        _fail(video_pk, "The file has gone missing. Please upload it again.")
    except BadVideo as reason:
        _fail(video_pk, str(reason))


def _process(video: Video, path: Path) -> None:
    properties = probe(path)
    picture = None if video.thumbnail else make_thumbnail(path, properties)
    if properties.servable:
        _finish(video.pk, properties, picture, None)
        return
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        target = Path(folder) / "playable.mp4"
        make_playable(path, target, properties)
        with target.open("rb") as encoded:
            _finish(video.pk, probe(target), picture, File(encoded))


@transaction.atomic
def _finish(
    video_pk: int,
    properties: Probe,
    picture: bytes | None,
    encoded: File[bytes] | None,
) -> None:
    video = Video.objects.select_for_update().filter(pk=video_pk).first()
    if video is None:
        return
    if encoded is not None:
        storage, original = video.video_file.storage, str(video.video_file.name)
        video.video_file.save("playable.mp4", encoded, save=False)
        transaction.on_commit(lambda: storage.delete(original))
    if picture is not None and not video.thumbnail:
        video.thumbnail.save("thumbnail.jpg", ContentFile(picture), save=False)
    video.duration = properties.duration
    video.width, video.height = properties.width, properties.height
    video.content_type = properties.content_type
    video.state, video.failure = Video.State.READY, ""
    video.publish()
    video.save()
    if video.thumbnail_widths is None:
        make_renditions(video)


def _fail(video_pk: int, reason: str) -> None:
    logger.info("Video %s cannot be used: %s", video_pk, reason)
    Video.objects.filter(pk=video_pk).update(state=Video.State.FAILED, failure=reason)


@contextmanager
def _local_copy(file: FieldFile) -> Iterator[Path]:
    """The path of the stored file, or of a temporary copy if it is not on a disk."""
    try:
        path = Path(file.path)
    except NotImplementedError:
        with tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as copy:
            with file.storage.open(str(file.name), "rb") as stored:
                shutil.copyfileobj(stored, copy)
            copy.flush()
            yield Path(copy.name)
        return
    yield path
