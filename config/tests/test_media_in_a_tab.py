"""The address of a video's file, opened in a tab of a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files import File
from django.core.files.base import ContentFile
from django.urls import reverse

from config.tests.test_content_policy import log_in
from videos.tests.clips import make_clip
from videos.tests.factories import make_video

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]

SCRIPTS = {
    "html": b"<!doctype html><title>x</title><script>document.title = 'ran'</script>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><title>x</title>'
    b"<script>document.title = 'ran'</script></svg>",
}
TYPES = ["video/mp4", "text/html", "image/svg+xml"]


@pytest.mark.parametrize("visibility", ["public", "private"])
def test_it_plays(page, live_server, client, tmp_path: Path, visibility) -> None:
    video = make_video(content_type="video/mp4", visibility=visibility)
    with make_clip(tmp_path / "clip.mp4").open("rb") as stored:
        video.video_file.save("clip", File(stored))
    log_in(page, live_server, client, video.creator)
    page.goto(live_server.url + reverse("video_file", args=[video.video_id]))
    page.locator("video").wait_for()
    for _ in range(100):
        if page.evaluate("document.querySelector('video').currentTime") > 0.2:
            break
        page.wait_for_timeout(100)
    else:
        pytest.fail("It does not play.")


@pytest.mark.parametrize("content", SCRIPTS)
def test_what_is_no_video_runs_no_script(page, live_server, content) -> None:
    for content_type in TYPES:  # even where a wrong type was stored
        video = make_video(content_type=content_type)
        video.video_file.save("clip", ContentFile(SCRIPTS[content]))
        video.thumbnail.save("thumbnail.jpg", ContentFile(SCRIPTS[content]))
        for name in ("video_file", "video_thumbnail"):
            page.goto(live_server.url + reverse(name, args=[video.video_id]))
            assert page.title() != "ran", (name, content_type)
