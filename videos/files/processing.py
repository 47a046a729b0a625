"""From an uploaded file to a video that browsers play."""

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

from videos.files import media
from videos.models import Video

logger = logging.getLogger(__name__)


def process(video_pk: int, *, last_attempt: bool = False) -> None:
    """Probe the file, make it playable, take a thumbnail; then the video is ready.

    May run again at any time. A file that cannot be used makes the video FAILED, with
    the reason for its creator; a video that is ready or was deleted is left alone.
    Any other error is raised, for another attempt. On the last one the failure is
    written first, so that it stands even when the file brings this process down.
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
            raise  # it is ffmpeg that is missing
        _fail(video_pk, "The file has gone missing. Please upload it again.")
    except media.BadVideo as reason:
        _fail(video_pk, str(reason))


def _process(video: Video, path: Path) -> None:
    facts = media.probe(path)
    picture = None if video.thumbnail else media.thumbnail(path, facts)
    if facts.servable:
        _finish(video.pk, facts, picture, None)
        return
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        target = Path(folder) / "playable.mp4"
        media.make_playable(path, target, facts)
        with target.open("rb") as encoded:
            _finish(video.pk, media.probe(target), picture, File(encoded))


@transaction.atomic
def _finish(
    video_pk: int,
    facts: media.Probe,
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
    video.duration = facts.duration
    video.width, video.height = facts.width, facts.height
    video.content_type = facts.content_type
    video.state, video.failure = Video.State.READY, ""
    video.publish()
    video.save()


def _fail(video_pk: int, reason: str) -> None:
    logger.info("Video %s cannot be used: %s", video_pk, reason)
    Video.objects.filter(pk=video_pk).update(state=Video.State.FAILED, failure=reason)


@contextmanager
def _local_copy(file: FieldFile) -> Iterator[Path]:
    """The stored file as a path: itself on a disk, else a copy for the time being."""
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
