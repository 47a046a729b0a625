"""Administration: categories keep in step with videos, and edits touch nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import make_user
from accounts.tests.pictures import make_picture
from videos import search
from videos.files import processing
from videos.models import Category, Video
from videos.tests.clips import as_upload, make_clip
from videos.tests.factories import make_category, make_parent_category, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def change(admin: Client, video: Video | None = None, **values):
    """Post the form of `video`, or of a new one; gives the answer."""
    data = {
        "title": video.title if video else "New",
        "description": "",
        "visibility": "public",
        "creator": video.creator_id if video else make_user().pk,
        "external_url": video.external_url if video else "",
        "categories": [],
        "parent_categories": [],
        "published_at_0": "",
        "published_at_1": "",
    } | values
    if video:
        address = reverse("admin:videos_video_change", args=[video.pk])
    else:
        address = reverse("admin:videos_video_add")
    return admin.post(address, data)


@pytest.mark.parametrize("model", ["video", "category", "parentcategory"])
def test_lists_take_few_queries(
    admin: Client, model: str, django_assert_max_num_queries
) -> None:
    for _ in range(12):
        make_video(categories=[make_category()])
    with django_assert_max_num_queries(14):
        response = admin.get(reverse(f"admin:videos_{model}_changelist"), {"q": "a"})
    assert response.status_code == 200


def test_parent_of_a_category_is_added(admin: Client) -> None:
    video, category = make_video(), make_category()
    assert change(admin, video, categories=[category.pk]).status_code == 302
    assert list(video.parent_categories.all()) == [category.parent_category]


def test_new_file_is_processed(admin: Client, tmp_path: Path) -> None:
    clip = as_upload(make_clip(tmp_path / "clip.mp4", seconds=1))
    assert change(admin, video_file=clip).status_code == 302
    video = Video.objects.get()
    assert video.state == "processing"
    processing.process(video.pk)
    video.refresh_from_db()
    assert video.state == "ready"


def test_new_address_is_ready_and_one_source_is_required(admin: Client) -> None:
    assert change(admin).status_code == 200  # with errors
    assert not Video.objects.exists()
    change(admin, external_url="https://example.com/a.mp4")
    video = Video.objects.get()
    assert video.state == "ready"
    assert video.published_at


def test_thumbnail_is_reencoded_and_the_old_one_goes(
    admin: Client, django_capture_on_commit_callbacks
) -> None:
    video = make_video()
    with django_capture_on_commit_callbacks(execute=True):
        change(admin, video, thumbnail=make_picture(image_format="PNG"))
    video.refresh_from_db()
    first = str(video.thumbnail.name)
    with default_storage.open(first) as stored:
        assert stored.read(3) == b"\xff\xd8\xff"
    with django_capture_on_commit_callbacks(execute=True):
        change(admin, video, thumbnail=make_picture(colour="red"))
    assert not default_storage.exists(first)


def test_category_that_moves_takes_its_videos_along(admin: Client) -> None:
    category, target = make_category(name="Banjo"), make_parent_category(name="Strings")
    video = make_video(categories=[category])
    response = admin.post(
        reverse("admin:videos_category_change", args=[category.pk]),
        {"name": "Lute", "slug": "lute", "parent_category": target.pk},
    )
    assert response.status_code == 302
    assert target in video.parent_categories.all()
    listed = Video.objects.listed()
    assert list(search.matching(listed, "lute")) == [video]
    assert list(search.matching(listed, "strings")) == [video]
    assert not search.matching(listed, "banjo")


def test_one_slug_names_one_category(admin: Client) -> None:
    parent = make_parent_category(slug="jazz")
    response = admin.post(
        reverse("admin:videos_category_add"),
        {"name": "Jazz", "slug": "jazz", "parent_category": parent.pk},
    )
    assert "has this slug already" in response.content.decode()
    assert not Category.objects.exists()


def test_deletion_in_the_list_removes_files(
    admin: Client, tmp_path: Path, django_capture_on_commit_callbacks
) -> None:
    clip = as_upload(make_clip(tmp_path / "clip.mp4", seconds=1))
    change(admin, video_file=clip)
    video = Video.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(
            reverse("admin:videos_video_changelist"),
            {"action": "delete_selected", "_selected_action": video.pk, "post": "yes"},
        )
    assert not Video.objects.exists()
    assert not default_storage.exists(str(video.video_file.name))


@pytest.mark.parametrize(
    ("action", "field", "value"),
    [
        ("make_private", "visibility", "private"),
        ("make_public", "visibility", "public"),
        ("give_premium", "is_premium", True),
    ],
)
def test_actions(admin: Client, action: str, field: str, value) -> None:
    videos = [make_video(visibility="unlisted", published_at=None) for _ in range(2)]
    admin.post(
        reverse("admin:videos_video_changelist"),
        {"action": action, "_selected_action": [video.pk for video in videos]},
    )
    for video in videos:
        video.refresh_from_db()
        assert getattr(video, field) == value
        assert bool(video.published_at) == (action == "make_public")
