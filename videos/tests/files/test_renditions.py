"""Thumbnails in several widths."""

from __future__ import annotations

import io

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from PIL import Image

from accounts.tests.factories import make_user
from accounts.tests.pictures import make_picture
from videos import services
from videos.files.renditions import make_missing
from videos.models import Video
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db


def picture(width: int, height: int) -> ContentFile[bytes]:
    return ContentFile(make_picture(size=(width, height)).read(), name="picture.jpg")


def upload(width: int = 1280, height: int = 720, **values) -> Video:
    return services.create_video(
        creator=make_user(),
        title="Bees",
        external_url="https://example.org/bees.mp4",
        thumbnail=picture(width, height),
        **values,
    )


def stored(video: Video) -> list[str]:
    storage = video.thumbnail.storage
    return sorted(storage.listdir(f"videos/{video.video_id}")[1])


@pytest.mark.parametrize(
    ("size", "widths"),
    [
        ((1280, 720), [320, 480, 720, 1080]),
        ((700, 394), [320, 480, 700]),
        ((100, 200), [100]),
    ],
)
def test_no_width_is_larger_than_the_thumbnail(client, size, widths) -> None:
    video = Video.objects.get(pk=upload(*size).pk)
    assert video.thumbnail_widths == widths
    for width in widths:
        address = reverse("video_thumbnail_width", args=[video.video_id, width])
        response = client.get(address)
        assert response["Content-Type"] == "image/webp"
        found = Image.open(io.BytesIO(b"".join(response.streaming_content)))
        assert found.format == "WEBP"
        assert found.size == (width, round(size[1] * width / size[0]))


def test_another_width_is_the_thumbnail_itself(client) -> None:
    video = upload()
    for width in (1, 641, 10**30):
        response = client.get(f"/video/{video.video_id}/thumbnail/{width}/")
        assert response["Content-Type"] == "image/jpeg"
        b"".join(response.streaming_content)


def test_who_may_see_them_is_who_may_see_the_video(client) -> None:
    video = upload(visibility="private")
    address = reverse("video_thumbnail_width", args=[video.video_id, 320])
    assert client.get(address).status_code == 404
    client.force_login(video.creator)
    response = client.get(address)
    assert "private" in response["Cache-Control"]
    b"".join(response.streaming_content)


def test_they_go_with_the_thumbnail(django_capture_on_commit_callbacks) -> None:
    video = upload()
    before = stored(video)
    assert len(before) == 5
    with django_capture_on_commit_callbacks(execute=True):
        services.update_video(
            video=video,
            thumbnail=picture(400, 225),
            parent_categories=[],
            categories=[],
        )
    assert len(stored(video)) == 3
    assert not set(before) & set(stored(video))
    video.refresh_from_db()
    assert video.thumbnail_widths == [320, 400]
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_video(video=video)
    assert not video.thumbnail.storage.exists(f"videos/{video.video_id}/{before[0]}")


def test_those_of_older_thumbnails_are_made_once_and_within_a_time() -> None:
    videos = [upload() for _ in range(3)]
    Video.objects.update(thumbnail_widths=None)
    broken, empty = make_video(), make_video()
    broken.thumbnail.save("t.jpg", ContentFile(b"no picture"))
    assert make_missing(seconds=0) == 1
    assert make_missing(seconds=60) == 3
    assert make_missing(seconds=60) == 0
    for video in videos:
        video.refresh_from_db()
        assert video.thumbnail_widths == [320, 480, 720, 1080]
        assert len(stored(video)) == 5
    broken.refresh_from_db()
    assert broken.thumbnail_widths == []
    empty.refresh_from_db()
    assert empty.thumbnail_widths is None


def test_pages_offer_every_width_and_load_the_first_at_once(client) -> None:
    for _ in range(6):
        upload()
    page = client.get("/explore/").content.decode()
    assert page.count("720w") == 6
    assert page.count('fetchpriority="high"') == 1
    images = [part for part in page.split("<img") if "thumb__image" in part]
    assert ['loading="lazy"' in image for image in images] == [False] * 4 + [True] * 2


def test_the_api_gives_their_addresses(client) -> None:
    video = upload()
    found = client.get(f"/api/v1/videos/{video.video_id}/").json()["thumbnails"]
    assert [each["width"] for each in found] == [320, 480, 720, 1080]
    assert client.get(found[0]["url"])["Content-Type"] == "image/webp"
    hidden = upload(visibility="private")
    client.force_login(hidden.creator)
    found = client.get(f"/api/v1/videos/{hidden.video_id}/").json()["thumbnails"]
    client.logout()
    assert client.get(found[0]["url"])["Content-Type"] == "image/webp"
