"""Uploading, processing, editing and deleting, as creators do."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.tests.factories import make_user
from videos import services
from videos.files import processing
from videos.models import Video
from videos.tests.clips import as_upload, make_clip
from videos.tests.factories import make_category, make_parent_category, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "clip.mp4", seconds=1)


@pytest.fixture
def creator():
    return make_user()


@pytest.fixture
def member(client: Client, creator) -> Client:
    client.force_login(creator)
    return client


def post(client: Client, file, **values):
    data = {"title": "A clip", "visibility": "public", "file": file} | values
    return client.post(reverse("upload"), data)


def test_upload_is_stored_and_processed(member: Client, clip: Path, creator) -> None:
    category = make_category()
    response = post(member, as_upload(clip), categories=[category.pk])
    assert response.status_code == 302
    video = Video.objects.get()
    assert video.creator == creator
    assert video.state == "processing"
    assert list(video.parent_categories.all()) == [category.parent_category]

    processing.process(video.pk)
    video.refresh_from_db()
    assert video.state == "ready"
    assert video.duration == pytest.approx(1, abs=0.2)
    assert (video.width, video.height) == (160, 90)
    assert video.thumbnail
    assert video.published_at
    name = video.video_file.name
    processing.process(video.pk)  # again
    video.refresh_from_db()
    assert video.video_file.name == name


def test_a_form_that_is_sent_twice_uploads_once(member: Client, clip: Path) -> None:
    key = member.get(reverse("upload")).text.split('name="form_key" value="')[1][:36]
    for _ in range(2):
        response = post(member, as_upload(clip), form_key=key)
        assert response.headers["Location"] == reverse("studio")
    assert Video.objects.count() == 1
    # Who goes back and changes something means another video.
    post(member, as_upload(clip), form_key=key, title="Another clip")
    assert Video.objects.count() == 2
    # A form that was refused was not sent yet.
    for title in ("", "Now with a title"):
        post(member, as_upload(clip), form_key="one key", title=title)
    assert Video.objects.count() == 3


def test_what_browsers_cannot_play_is_converted(creator, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "old.avi", "-c:v", "mpeg4", seconds=1)
    video = services.create_video(
        creator=creator, title="Old", file=as_upload(source, "old.avi")
    )
    original = str(video.video_file.name)
    processing.process(video.pk)
    video.refresh_from_db()
    assert video.content_type == "video/mp4"
    assert video.video_file.name != original


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\x00b.mp4", "x" * 300, "ü;.php"]
)
def test_hostile_names_never_reach_the_disk(creator, clip: Path, name: str) -> None:
    upload = as_upload(clip)
    upload._name = name  # past the parser, which would already have cleaned it
    video = services.create_video(creator=creator, title="Named", file=upload)
    assert str(video.video_file.name).startswith(f"videos/{video.video_id}/video-")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b"MZ is a program" * 9, "not a video"), (b"<svg/>" * 9, "not")],
)
def test_what_is_no_video_is_a_form_error(member: Client, content, reason) -> None:
    response = post(member, SimpleUploadedFile("clip.mp4", content))
    assert response.status_code == 422
    assert reason in response.content.decode()
    assert not Video.objects.exists()


def test_broken_file_fails_with_a_reason(creator, clip: Path) -> None:
    upload = SimpleUploadedFile("clip.mp4", clip.read_bytes()[:900])
    video = services.create_video(creator=creator, title="Broken", file=upload)
    processing.process(video.pk)
    video.refresh_from_db()
    assert video.state == "failed"
    assert video.failure


def test_lost_file_fails_with_a_reason(creator, clip: Path) -> None:
    video = services.create_video(creator=creator, title="Lost", file=as_upload(clip))
    default_storage.delete(str(video.video_file.name))
    processing.process(video.pk)
    video.refresh_from_db()
    assert video.state == "failed"


def test_too_large_is_refused_unread(member: Client, clip: Path, settings) -> None:
    settings.UPLOAD_MAX_BYTES = 2000
    response = post(
        member, SimpleUploadedFile("big.mp4", b"....ftyp" + b"0" * 3_000_000)
    )
    assert response.status_code == 422
    assert "too large" in response.content.decode()
    assert not Video.objects.exists()


def test_bad_values_are_form_errors(member: Client, clip: Path) -> None:
    for values in (
        {"title": "   "},
        {"title": "x" * 151},
        {"visibility": "everyone"},
        {"categories": ["999999"]},
        {"categories": ["a"]},
        {"new_thumbnail": SimpleUploadedFile("t.jpg", b"<svg/>")},
    ):
        response = post(member, as_upload(clip), **values)
        assert response.status_code == 422, values
    assert not Video.objects.exists()


def test_own_thumbnail_is_kept_and_reencoded(member: Client, clip: Path) -> None:
    content = io.BytesIO()
    Image.new("RGB", (3000, 3000), "teal").save(content, "PNG")
    own = SimpleUploadedFile("own.png", content.getvalue())
    post(member, as_upload(clip), new_thumbnail=own)
    video = Video.objects.get()
    before = video.thumbnail.name
    processing.process(video.pk)
    video.refresh_from_db()
    assert video.thumbnail.name == before
    with video.thumbnail.open() as file, Image.open(file) as stored:
        assert (stored.format, stored.size) == ("JPEG", (1280, 720))


def test_files_go_when_the_deletion_is_certain(
    member: Client, creator, clip: Path, django_capture_on_commit_callbacks
) -> None:
    video = services.create_video(creator=creator, title="Gone", file=as_upload(clip))
    name = str(video.video_file.name)
    with django_capture_on_commit_callbacks(execute=True):
        member.post(reverse("video_delete", args=[video.video_id]))
        assert default_storage.exists(name), "not before the commit"
    assert not default_storage.exists(name)
    assert not Video.objects.exists()


@pytest.mark.parametrize("page", ["video_edit", "video_delete"])
def test_only_creator_and_admin_edit(page: str, client: Client, creator) -> None:
    video = make_video(creator=creator)
    address = reverse(page, args=[video.video_id])
    assert client.get(address).status_code == 302
    for person, status in [
        (make_user(), 404),
        (creator, 200),
        (make_user(is_superuser=True), 200),
    ]:
        client.force_login(person)
        assert client.get(address).status_code == status


def test_edit_keeps_parents_of_categories(member: Client, creator) -> None:
    video, category, alone = (
        make_video(creator=creator),
        make_category(),
        make_parent_category(),
    )
    member.post(
        reverse("video_edit", args=[video.video_id]),
        {
            "title": "New",
            "visibility": "private",
            "categories": [category.pk],
            "parent_categories": [alone.pk],
        },
    )
    video.refresh_from_db()
    assert (video.title, video.is_public) == ("New", False)
    assert set(video.parent_categories.all()) == {alone, category.parent_category}


def test_studio_lists_own_videos_in_few_queries(
    member: Client, creator, django_assert_max_num_queries
) -> None:
    for _ in range(5):
        make_video(creator=creator)
    make_video(title="Of another")
    with django_assert_max_num_queries(8):
        response = member.get(reverse("studio"))
    assert response.status_code == 200
    assert "Of another" not in response.content.decode()


def test_studio_asks_again_while_processing(member: Client, creator) -> None:
    make_video(creator=creator, state="processing")
    assert 'hx-trigger="every 3s"' in member.get(reverse("studio")).content.decode()


def test_a_thumbnail_that_is_not_there_is_not_cleared(member: Client, creator) -> None:
    """No page offers it, but anyone can send it."""
    video = make_video(creator=creator)
    data = {"title": "A clip", "visibility": "public", "new_thumbnail-clear": "on"}
    edit = reverse("video_edit", args=[video.video_id])
    assert member.post(edit, data).status_code == 302
    assert member.post(reverse("upload"), data).status_code == 422
