"""Nothing that people do in a page is lost, or done twice, on the way to the server."""

from __future__ import annotations

from pathlib import Path

import pytest
from rest_framework.exceptions import Throttled
from rest_framework.views import APIView

from accounts.tests.factories import make_user
from config.tests.browser import LostResponse, eventually, log_in, wait_for
from interactions.api.events import EventsView
from interactions.models import Comment, Like, Watch
from videos.models import Video
from videos.tests.clips import as_upload, make_clip
from videos.tests.factories import make_video

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]

EVENTS = "**/api/v1/events/"
QUEUED = "Object.keys(localStorage).filter((key) => key.startsWith('event:')).length"
PLAY = """async () => {
    const video = document.querySelector("video");
    video.muted = true;
    await video.play();
    await new Promise((done) => video.addEventListener("ended", done));
}"""


@pytest.fixture(scope="session")
def clip(session_folder) -> Path:
    return make_clip(session_folder / "short.mp4", seconds=1)


@pytest.fixture
def video(clip) -> Video:
    made = make_video(duration=1.0)
    made.video_file.save("video", as_upload(clip))
    made.content_type = "video/mp4"
    made.save()
    return made


def open_video(page, live_server, video: Video) -> None:
    page.goto(live_server.url + video.get_absolute_url())
    wait_for(page, "document.querySelector('video')?.readyState >= 1")


def busy(view, request) -> None:
    raise Throttled


def watched(video: Video) -> set[str]:
    watches = Watch.objects.filter(video=video, watch_time__gt=0.5)
    return set(watches.values_list("user__username", flat=True))


def test_a_player_that_comes_after_the_processing_is_recorded(page, live_server, video):
    Video.objects.update(state=Video.State.PROCESSING)
    owner = video.creator
    log_in(page, live_server.url, owner)
    page.goto(live_server.url + video.get_absolute_url())
    page.get_by_text("This video is being processed").wait_for()
    Video.objects.update(state=Video.State.READY)
    wait_for(page, "document.querySelector('video')?.readyState >= 1")
    assert not page.evaluate("document.querySelector('video').controls")
    page.evaluate(PLAY)
    assert eventually(lambda: watched(video), page) == {owner.username}


def test_events_wait_until_they_are_acknowledged(page, live_server, video, monkeypatch):
    # A visitor logs in in another tab: the old tab's events are the member's.
    member = make_user(password="correct horse")
    open_video(page, live_server, video)
    other = page.context.new_page()
    other.goto(live_server.url + "/accounts/login/")
    other.locator("[name=login]").fill(member.username)
    other.locator("[name=password]").fill("correct horse")
    other.get_by_role("button", name="Log in").click()
    other.wait_for_url(live_server.url + "/")
    page.evaluate(PLAY)
    assert eventually(lambda: watched(video), page) == {member.username}
    other.close()

    # The server refuses for a while, and the page is left: the next page sends them.
    Watch.objects.all().delete()
    open_video(page, live_server, video)
    monkeypatch.setattr(EventsView, "check_throttles", busy)
    page.evaluate(PLAY)
    page.goto(live_server.url + "/accounts/password/change/")
    assert not watched(video)
    assert page.evaluate(QUEUED)
    monkeypatch.setattr(EventsView, "check_throttles", APIView.check_throttles)
    page.evaluate("dispatchEvent(new Event('online'))")
    assert eventually(lambda: watched(video), page) == {member.username}
    assert eventually(lambda: not page.evaluate(QUEUED), page)

    # Somebody else logs in in another tab: the old tab's events are not theirs.
    Watch.objects.all().delete()
    open_video(page, live_server, video)
    stranger = make_user()
    log_in(page, live_server.url, stranger)
    with page.expect_response(EVENTS) as response:
        page.evaluate(PLAY)
    assert response.value.status == 409
    page.goto(live_server.url + "/settings/")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_timeout(300)
    assert not watched(video)
    log_in(page, live_server.url, member)
    page.goto(live_server.url + "/settings/")
    page.evaluate("dispatchEvent(new Event('online'))")
    assert eventually(lambda: watched(video), page) == {member.username}

    # What was watched last is sent when the page closes.
    Watch.objects.all().delete()
    open_video(page, live_server, video)
    page.evaluate("document.querySelector('video').play()")
    wait_for(page, "document.querySelector('video').currentTime > 0.6")
    page.goto("about:blank")
    assert eventually(lambda: watched(video), page) == {member.username}


def test_trying_again_after_a_lost_answer_does_nothing_twice(
    page, live_server, clip, video
):
    member = make_user()
    log_in(page, live_server.url, member)
    page.goto(live_server.url + "/upload/")
    page.locator("[name=file]").set_input_files(str(clip))
    page.locator("[name=title]").fill("Sent twice")
    answer = LostResponse(page, "*/upload/")
    page.locator("[data-upload] .form__actions button").click()
    answer.lose()
    again = page.get_by_role("button", name="Try again")
    again.click()
    page.wait_for_url("**/studio/")
    assert Video.objects.filter(title="Sent twice").count() == 1

    open_video(page, live_server, video)
    answer = LostResponse(page, "*/like/")
    page.locator(f"#like-{video.video_id}").click()
    answer.lose()
    again.click()
    page.locator(f"#like-{video.video_id}[aria-pressed=true]").wait_for()
    assert Like.objects.filter(user=member, video=video).exists()

    page.locator("#comment-text").fill("Said once")
    answer = LostResponse(page, "*/comments/")
    page.get_by_role("button", name="Comment", exact=True).click()
    answer.lose()
    again.click()
    page.locator(".comment", has_text="Said once").wait_for()
    assert Comment.objects.filter(text="Said once").count() == 1
