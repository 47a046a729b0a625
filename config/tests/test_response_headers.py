"""Who may keep a response, and which responses are compressed."""

from __future__ import annotations

import gzip

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from accounts.tests.api import ask
from accounts.tests.factories import make_user
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db

PERSONAL = [
    *("/", "/history/", "/studio/", "/settings/", "/explore/", "/no-such-page/"),
    *("/api/v1/me/likes/", "/api/v1/feeds/home/", "/api/v1/me/export/"),
    "/admin/",
]


@pytest.mark.parametrize("address", PERSONAL)
def test_no_cache_keeps_the_pages_of_a_member(client, address) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    kept = client.get(address)["Cache-Control"]
    assert {"private", "no-store"} <= set(kept.split(", "))


def test_no_cache_keeps_what_a_token_reads() -> None:
    response = ask("get", "me/likes/", user=make_user())
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"


def test_shared_caches_keep_no_page_of_a_guest(client) -> None:
    for address in ("/", "/explore/", "/api/v1/videos/"):
        kept = client.get(address)["Cache-Control"]
        assert set(kept.split(", ")) == {"private", "no-cache"}, address


def test_pages_and_json_are_compressed_but_files_are_not(client) -> None:
    video = make_video(content_type="video/mp4")
    video.video_file.save("clip", ContentFile(b"0" * 5000))
    accepted = {"Accept-Encoding": "gzip, br"}
    for address in ("/", "/api/v1/videos/", "/api/v1/schema/"):
        plain = client.get(address)
        response = client.get(address, headers=accepted)
        assert response["Content-Encoding"] == "gzip", address
        assert "Accept-Encoding" in response["Vary"]
        sent = gzip.decompress(response.content)
        assert len(sent) == pytest.approx(len(plain.content), rel=0.05)
    # The padding hides how well a page compresses from those who add to it (BREACH).
    sizes = {len(client.get("/", headers=accepted).content) for _ in range(5)}
    assert len(sizes) > 1
    address = reverse("video_file", args=[video.video_id])
    for range_ in ({}, {"Range": "bytes=0-999"}):
        response = client.get(address, headers=accepted | range_)
        assert "Content-Encoding" not in response
        assert len(b"".join(response.streaming_content)) == (1000 if range_ else 5000)


def test_etags_of_compressed_json_still_match(client) -> None:
    address = reverse("api-video-detail", args=[make_video().video_id])
    etag = client.get(address, headers={"Accept-Encoding": "gzip"})["ETag"]
    again = client.get(address, headers={"If-None-Match": etag})
    assert again.status_code == 304
