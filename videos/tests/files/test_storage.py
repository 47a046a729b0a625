"""Deleted files leave no empty folders."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from accounts.services import delete_account
from accounts.tests.factories import make_user
from videos import services

pytestmark = pytest.mark.django_db


def everything_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def test_a_folder_stays_while_it_has_files():
    for name in ("videos/a/one", "videos/a/two", "videos/b/one"):
        default_storage.save(name, ContentFile(b"x"))
    default_storage.delete("videos/a/one")
    assert default_storage.exists("videos/a/two")
    default_storage.delete("videos/a/two")
    default_storage.delete("videos/a/two")
    assert default_storage.listdir("videos") == (["b"], [])
    default_storage.save("videos/a/three", ContentFile(b"x"))
    assert default_storage.exists("videos/a/three")


@pytest.mark.parametrize("how", ["page", "refused", "account"])
def test_a_deleted_video_leaves_nothing(
    how, client, settings, django_capture_on_commit_callbacks
):
    creator = make_user()
    values = {"title": "Bees", "file": ContentFile(b"x")}
    if how == "refused":
        with pytest.raises(Exception, match="title"):
            services.create_video(creator=creator, **values | {"title": ""})
        assert everything_in(Path(settings.MEDIA_ROOT)) == []
        return
    with django_capture_on_commit_callbacks(execute=True):
        video = services.create_video(creator=creator, **values)
        picture = BytesIO()
        Image.new("RGB", (64, 64)).save(picture, "PNG")
        creator.profile_picture = SimpleUploadedFile("p.png", picture.getvalue())
        creator.save()
    assert everything_in(Path(settings.MEDIA_ROOT))
    with django_capture_on_commit_callbacks(execute=True):
        if how == "page":
            client.force_login(creator)
            client.post(reverse("video_delete", args=[video.video_id]))
        delete_account(user=creator)
    assert everything_in(Path(settings.MEDIA_ROOT)) == []
