"""Files over HTTP: who may have them, ranges, and conditions."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils.http import http_date

from accounts.tests.factories import make_user
from videos.models import Video
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db

CONTENT = bytes(range(256)) * 4  # 1,024 bytes


def with_file(**overrides) -> Video:
    video = make_video(content_type="video/mp4", **overrides)
    video.video_file.save("clip", ContentFile(CONTENT))
    video.thumbnail.save("thumbnail.jpg", ContentFile(b"\xff\xd8 picture"))
    return video


def get(video: Video, client: Client | None = None, **headers: str):
    address = reverse("video_file", args=[video.video_id])
    return (client or Client()).get(address, headers=headers)


def body(response) -> bytes:
    return b"".join(response.streaming_content)


def test_whole_file() -> None:
    response = get(with_file())
    assert response.status_code == 200
    assert body(response) == CONTENT
    assert response["Content-Length"] == "1024"
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Type"] == "video/mp4"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("range_", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=1000-", 1000, 1023),
        ("bytes=1000-9999", 1000, 1023),
        ("bytes=-24", 1000, 1023),
        ("bytes=-9999", 0, 1023),
    ],
)
def test_range(range_: str, first: int, last: int) -> None:
    response = get(with_file(), Range=range_)
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/1024"
    assert response["Content-Length"] == str(last - first + 1)
    assert body(response) == CONTENT[first : last + 1]


@pytest.mark.parametrize("range_", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_range_beyond_the_end(range_: str) -> None:
    response = get(with_file(), Range=range_)
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */1024"


@pytest.mark.parametrize(
    "range_",
    [
        *("bytes=9-3", "bytes=-", "lines=1-2", "bytes=1-2,5-6", "bytes=a-b"),
        f"bytes={'9' * 5000}-",
    ],
)
def test_range_that_is_not_understood_gives_the_whole(range_: str) -> None:
    assert get(with_file(), Range=range_).status_code == 200


def test_if_range() -> None:
    video = with_file()
    etag, modified = (get(video)[name] for name in ("ETag", "Last-Modified"))
    for condition, status in [
        (etag, 206),
        (modified, 206),
        ('"another"', 200),
        (f"W/{etag}", 200),
        (http_date(0), 200),
    ]:
        response = get(video, **{"Range": "bytes=0-9", "If-Range": condition})
        assert response.status_code == status, condition


def test_unchanged_is_not_sent_again() -> None:
    video = with_file()
    etag = get(video)["ETag"]
    assert get(video, **{"If-None-Match": etag}).status_code == 304


def test_head() -> None:
    video = with_file()
    response = Client().head(reverse("video_file", args=[video.video_id]))
    assert response.status_code == 200
    assert response["Content-Length"] == "1024"
    assert response.content == b""


def test_hostile_title_does_not_break_the_header() -> None:
    response = get(with_file(title='a"; filename="x.html\r\nX-Evil: 1'))
    assert "\r" not in response["Content-Disposition"]
    assert "X-Evil" not in response
    assert response["Content-Disposition"].startswith('inline; filename="a_')


def test_missing_file_is_404() -> None:
    video = with_file()
    video.video_file.storage.delete(str(video.video_file.name))
    assert get(video).status_code == 404


def test_behind_nginx_the_file_is_handed_over(settings) -> None:
    settings.X_ACCEL_REDIRECT = "/protected/"
    video = with_file()
    response = get(video)
    assert response["X-Accel-Redirect"] == f"/protected/{video.video_file.name}"
    assert response["Content-Type"] == "video/mp4"


@pytest.mark.parametrize("page", ["video", "video_file", "video_thumbnail"])
@pytest.mark.parametrize(
    ("visibility", "state", "anonymous", "stranger"),
    [
        ("public", "ready", 200, 200),
        ("unlisted", "ready", 200, 200),
        ("private", "ready", 404, 404),
        ("public", "processing", 404, 404),
        ("public", "failed", 404, 404),
    ],
)
def test_who_may_see_page_file_and_picture(
    page: str, visibility: str, state: str, anonymous: int, stranger: int
) -> None:
    video = with_file(visibility=visibility, state=state)
    address = reverse(page, args=[video.video_id])
    people = {
        None: anonymous,
        make_user(): stranger,
        video.creator: 200,
        make_user(is_superuser=True): 200,
    }
    for person, status in people.items():
        client = Client()
        if person:
            client.force_login(person)
        response = client.get(address)
        assert response.status_code == status, person
        if status == 200 and page != "video":
            private = visibility != "public" or state != "ready"
            assert ("private" in response["Cache-Control"]) is private


@pytest.mark.parametrize("video_id", ["a%00b", "..%2f", "é", "x" * 300])
@pytest.mark.parametrize("page", ["", "file/", "thumbnail/", "related/", "comments/"])
def test_wrong_ids_are_404(client: Client, video_id: str, page: str) -> None:
    assert client.get(f"/video/{video_id}/{page}").status_code == 404


def test_shared_caches_ask_before_each_use() -> None:
    """So that they send nothing more of a video that became private."""
    video = with_file()
    for name in ("video_file", "video_thumbnail"):
        address = reverse(name, args=[video.video_id])
        first = Client().get(address)
        again = Client().get(address, headers={"If-None-Match": first["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304)
        for response in (first, again):
            assert "s-maxage=0" in response["Cache-Control"]
            assert "proxy-revalidate" in response["Cache-Control"]
        Video.objects.filter(pk=video.pk).update(visibility="private")
        known = {"If-None-Match": first["ETag"]}
        assert Client().get(address, headers=known).status_code == 404
        Video.objects.filter(pk=video.pk).update(visibility="public")


def test_caches_keep_what_is_public_alone() -> None:
    assert "public" in get(with_file())["Cache-Control"]
    hidden = with_file(visibility="unlisted")
    kept = get(hidden)["Cache-Control"]
    assert "private" in kept
    assert "no-cache" in kept
