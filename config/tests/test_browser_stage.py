"""The stage of a video, its keys, and layouts that people stumbled over."""

from __future__ import annotations

from pathlib import Path

import pytest

from accounts.tests.factories import make_user
from config.tests.browser import log_in, wait_for
from interactions.tests.factories import watch
from recommender.graph.queries.interface import CROWD
from videos import search
from videos.models import Video
from videos.tests.clips import as_upload, make_clip
from videos.tests.factories import make_category, make_video

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SMALLEST = {"width": 320, "height": 568}
READY = "document.querySelector('video')?.readyState >= 1"
LEAST_TARGET = 24  # px, WCAG 2.5.8

# What can be pressed and is smaller; links within sentences may be.
SMALL_TARGETS = """(least) => [...document.querySelectorAll(
    "main a, main button, main summary, main input:not([type=hidden]), main select"
)].filter((element) => {
    const { width, height } = element.getBoundingClientRect();
    const inSentence = element.closest("p.muted, .prose, .field__hint");
    const small = width < least || height < least;
    return element.checkVisibility({ opacityProperty: true }) && small && !inSentence;
}).map((element) => {
    const { width, height } = element.getBoundingClientRect();
    const size = `${Math.round(width)}x${Math.round(height)}`;
    return `${size} ${element.outerHTML.slice(0, 80)}`;
})"""


def make_played(folder: Path, size: str, **overrides) -> Video:
    """A video with a file of this size, which the row may know or not."""
    made = make_video(duration=20.0, **overrides)
    clip = folder / f"stage-{size}.mp4"
    if not clip.exists():
        make_clip(clip, seconds=20, size=size)
    made.video_file.save("video", as_upload(clip))
    made.content_type = "video/mp4"
    made.save()
    return made


def picture(page) -> tuple[float, float]:
    """Width and height of the moving picture in the stage, without black bars."""
    stage = page.locator(".player").bounding_box()
    wide, high = page.evaluate(
        "(({ videoWidth, videoHeight }) => [videoWidth, videoHeight])"
        "(document.querySelector('video'))"
    )
    scale = min(stage["width"] / wide, stage["height"] / high)
    return wide * scale, high * scale


def test_the_stage_has_the_shape_of_the_video(page, live_server, session_folder):
    video = make_played(session_folder, "90x160", width=90, height=160)
    address = live_server.url + video.get_absolute_url()
    page.set_viewport_size(PHONE)
    page.route("**/file/", lambda route: route.abort())
    page.goto(address)
    before = page.locator(".player").bounding_box()
    page.unroute("**/file/")
    page.goto(address)
    wait_for(page, READY)
    assert page.locator(".player").bounding_box() == before  # nothing moves
    assert picture(page)[0] > 300
    assert before["height"] < PHONE["height"]

    # One elsewhere, whose shape only the browser learns.
    elsewhere = make_video(external_url=f"{address}file/")
    page.goto(live_server.url + elsewhere.get_absolute_url())
    wait_for(page, READY)
    assert picture(page)[0] > 300

    page.set_viewport_size(DESKTOP)
    wide = make_played(session_folder, "160x90", width=160, height=90)
    page.goto(live_server.url + wide.get_absolute_url())
    wait_for(page, READY)
    width, height = picture(page)
    assert width > 0.6 * DESKTOP["width"]
    title = page.locator("h1").bounding_box()
    assert title["y"] + title["height"] < DESKTOP["height"]
    assert width / height == pytest.approx(16 / 9, rel=0.02)


def test_the_keys_of_the_player_work_on_the_whole_page(
    page, live_server, session_folder
):
    video = make_played(session_folder, "160x90", width=160, height=90)
    log_in(page, live_server.url, make_user())
    page.goto(live_server.url + video.get_absolute_url())
    wait_for(page, READY)
    wait_for(page, "!!customElements.get('media-controller')")

    def until(state: str) -> None:
        wait_for(
            page,
            f"(({{ paused, muted, currentTime }}) => {state})"
            "(document.querySelector('video'))",
        )

    def presses(*expected: tuple[str, str]) -> None:
        for key, state in expected:
            page.keyboard.press(key)
            until(state)
            page.wait_for_timeout(200)  # media-chrome hears of it after the video

    presses(("k", "!paused"), (" ", "paused"), ("m", "muted"), ("m", "!muted"))
    page.evaluate("document.querySelector('video').currentTime = 2")
    presses(("l", "currentTime === 7"), ("ArrowRight", "currentTime === 12"))
    presses(("j", "currentTime === 7"), ("ArrowLeft", "currentTime === 2"))

    # Not while typing, nor where the key has a use of its own.
    page.locator("#comment-text").focus()
    page.keyboard.type("k m l")
    page.get_by_role("button", name="Share").focus()
    page.keyboard.press(" ")
    page.wait_for_timeout(200)
    until("paused && !muted && currentTime === 2")
    presses(("k", "!paused"), ("k", "paused"))

    # They can be turned off.
    page.get_by_label("Your account").click()
    page.locator("[data-hotkeys-choice]").click()
    page.reload()
    wait_for(page, READY)
    page.keyboard.press("k")
    page.wait_for_timeout(200)
    until("paused")


def test_layouts_on_phones(page, live_server):
    category = make_category(slug="jazz")
    creator = make_user(username="jazzcreator")
    videos = [
        make_video(title=f"Jazz {number}", creator=creator, categories=[category])
        for number in range(6)
    ]
    search.refresh([video.pk for video in videos])
    page.set_viewport_size(PHONE)

    # A visitor chooses the theme, and meets one loud call to sign up.
    page.goto(live_server.url)
    calls = page.locator("a[href*='/signup/']:visible")
    assert calls.count() <= 2
    assert (
        page.locator(".button--accent:visible, main .button--primary:visible").count()
        == 1
    )
    page.get_by_label("Appearance").first.click()
    page.get_by_role("button", name="Dark").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"

    page.goto(live_server.url + "/search/?q=jazz")
    card = page.locator(".people .creator").last.bounding_box()
    first = page.locator(".row").first.bounding_box()
    assert first["y"] - card["y"] - card["height"] >= 16
    assert not page.evaluate(SMALL_TARGETS, LEAST_TARGET)

    page.goto(live_server.url + videos[0].get_absolute_url())
    page.locator(".columns__rail").scroll_into_view_if_needed()
    page.locator("#related .row").first.wait_for()
    page.locator(".comments").wait_for()
    assert not page.evaluate(SMALL_TARGETS, LEAST_TARGET)

    member = make_user()
    for video in videos:
        watch(video, user=member)
    log_in(page, live_server.url, member)
    for address in ("/", "/history/", "/explore/people/", "/settings/account/"):
        page.goto(live_server.url + address)
        assert not page.evaluate(SMALL_TARGETS, LEAST_TARGET), address
    page.set_viewport_size(SMALLEST)
    for address in ("/settings/account/", creator.get_absolute_url(), "/explore/map/"):
        page.goto(live_server.url + address)
        for tab in page.locator(".settings__nav a, .tab").all():
            box = tab.bounding_box()
            assert box["x"] + box["width"] <= SMALLEST["width"], address

    page.goto(live_server.url + "/upload/")
    for radio in page.locator("[name=visibility]").all():
        box = radio.bounding_box()
        assert (box["width"], box["height"]) == (20, 20)


def test_the_taste_map_cuts_nothing(page, live_server):
    videos = [make_video(title=f"A video with number {n}") for n in range(20)]
    for person in [make_user() for _ in range(CROWD)]:
        for video in videos:
            watch(video, user=person, fraction=0.95)
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        page.goto(f"{live_server.url}/explore/map/?video={videos[0].video_id}")
        page.wait_for_selector(".taste-map--drawn canvas", state="attached")
        stage = page.locator(".taste-map__stage").bounding_box()
        nodes = [node.bounding_box() for node in page.locator(".map-node").all()]
        assert len(nodes) > 10
        for box in nodes:
            assert box["x"] >= stage["x"]
            assert box["y"] >= stage["y"]
            assert box["x"] + box["width"] <= stage["x"] + stage["width"]
            assert box["y"] + box["height"] <= stage["y"] + stage["height"]
        label = page.locator(".map-node__label").first
        size_px = label.evaluate(
            "(label) => parseFloat(getComputedStyle(label).fontSize)"
            " * label.getBoundingClientRect().width / label.offsetWidth"
        )
        assert size_px >= 9
