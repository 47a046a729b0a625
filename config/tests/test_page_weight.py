"""What pages cost a phone, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files import File
from django.core.files.base import ContentFile
from playwright.sync_api import Browser

from accounts.tests.factories import make_user
from accounts.tests.pictures import make_picture
from videos import services
from videos.tests.clips import make_clip
from videos.tests.factories import make_video

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def phone(page) -> Any:
    browser: Browser = page.context.browser
    screen = {"width": 412, "height": 823}
    context = browser.new_context(viewport=screen, device_scale_factor=1.75)
    yield context.new_page()
    context.close()


def test_a_phone_loads_the_pictures_that_it_shows(phone, live_server) -> None:
    creator = make_user()
    creator.profile_picture.save("me.jpg", make_picture((512, 512)))
    for number in range(24):
        services.create_video(
            creator=creator,
            title=f"Video {number}",
            external_url="https://example.org/video.mp4",
            thumbnail=ContentFile(make_picture((1280, 720)).read(), name="t.jpg"),
        )
    requests: list[str] = []
    phone.on("request", lambda request: requests.append(request.url))
    phone.goto(f"{live_server.url}/explore/", wait_until="networkidle")
    thumbnails = [url for url in requests if "/thumbnail/" in url]
    assert 4 <= len(thumbnails) < 12
    assert {url.split("/thumbnail/")[1] for url in thumbnails} == {"720/"}
    avatars = [url for url in requests if "/media/" in url]
    assert all(url.endswith("/small") for url in avatars)


def test_a_player_that_waits_draws_nothing(phone, live_server, tmp_path: Path) -> None:
    video = make_video(content_type="video/mp4", duration=2.0)
    with make_clip(tmp_path / "clip.mp4").open("rb") as stored:
        video.video_file.save("clip", File(stored))
    phone.goto(live_server.url + video.get_absolute_url(), wait_until="networkidle")
    phone.locator("media-controller[mediapaused]").wait_for()
    session = phone.context.new_cdp_session(phone)
    session.send("Performance.enable")
    before = layouts(session)
    phone.wait_for_timeout(1000)
    assert layouts(session) - before < 5


def layouts(session: Any) -> int:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(int(m["value"]) for m in metrics if m["name"] == "LayoutCount")
