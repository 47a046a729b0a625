"""Processing beside people who edit and delete, errors, and a platform that stops."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db.models import F

from accounts.tests.factories import make_user
from videos import services
from videos.files import processing, transcoding
from videos.models import Video
from videos.tests.clips import as_upload, make_clip

pytestmark = pytest.mark.django_db


@pytest.fixture
def video(tmp_path: Path) -> Video:
    """A new video whose file has to be converted."""
    clip = make_clip(tmp_path / "old.avi", "-c:v", "mpeg4", seconds=1)
    return services.create_video(
        creator=make_user(), title="Old", file=as_upload(clip, "old.avi")
    )


def edit(video: Video, **values) -> None:
    services.update_video(
        video=video, parent_categories=[], categories=[], **{"title": "New"} | values
    )


def test_an_edit_undoes_nothing_that_happened_meanwhile(video: Video) -> None:
    stale = Video.objects.get(pk=video.pk)
    processing.process(video.pk)
    Video.objects.update(views=F("views") + 3)
    edit(stale)
    video.refresh_from_db()
    assert (video.title, video.state, video.views) == ("New", "ready", 3)
    assert default_storage.exists(str(video.video_file.name))


def test_published_when_first_ready_and_public(video: Video) -> None:
    edit(video, visibility="unlisted")
    processing.process(video.pk)
    video.refresh_from_db()
    assert video.published_at is None
    edit(video, visibility="public")
    video.refresh_from_db()
    first = video.published_at
    assert first
    edit(video, visibility="private")
    edit(video, visibility="public")
    video.refresh_from_db()
    assert video.published_at == first


def test_a_deletion_removes_the_converted_file(
    video: Video, django_capture_on_commit_callbacks
) -> None:
    stale = Video.objects.get(pk=video.pk)
    processing.process(video.pk)
    video.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_video(video=stale)
    assert not default_storage.exists(str(video.video_file.name))
    processing.process(video.pk)  # a late task finds nothing to do
    assert not Video.objects.exists()


def test_told_to_stop_it_is_tried_again(video: Video, settings, tmp_path: Path) -> None:
    settings.FFMPEG = str(_script(tmp_path, "kill -TERM $$; sleep 5"))
    with pytest.raises(InterruptedError):
        processing.process(video.pk)
    video.refresh_from_db()
    assert video.state == "processing"
    settings.FFMPEG = ""
    processing.process(video.pk, last_attempt=True)
    video.refresh_from_db()
    assert (video.state, video.failure) == ("ready", "")


def test_no_video_is_left_waiting_after_the_last_attempt(
    video: Video, settings, tmp_path: Path
) -> None:
    settings.FFMPEG = str(tmp_path / "absent")
    for last_attempt, state in ((False, "processing"), (True, "failed")):
        with pytest.raises(OSError, match="absent"):
            processing.process(video.pk, last_attempt=last_attempt)
        video.refresh_from_db()
        assert video.state == state
    assert "our side" in video.failure


def test_conversion_that_takes_too_long_is_ended(
    video: Video, settings, monkeypatch, tmp_path: Path
) -> None:
    settings.FFMPEG = str(_script(tmp_path, "exec sleep 60"))
    monkeypatch.setattr(transcoding, "MAX_TIMEOUT", 0.3)
    processing.process(video.pk)
    video.refresh_from_db()
    assert video.state == "failed"
    assert "too long" in video.failure


def _script(folder: Path, line: str) -> Path:
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return path
