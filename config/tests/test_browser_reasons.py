"""Reasons in a real browser: whole on the narrowest screen, in the rail on demand."""

from __future__ import annotations

import pytest

from interactions.tests.factories import watch
from videos.tests.factories import make_category, make_parent_category, make_video

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
CUT_OFF = """() => [...document.querySelectorAll(".why__reason")].filter((reason) => {
  const box = reason.getBoundingClientRect();
  return reason.scrollWidth > reason.clientWidth + 1
    || reason.scrollHeight > reason.clientHeight + 1
    || box.right > document.documentElement.clientWidth;
}).length"""


@pytest.fixture
def videos():
    parent = make_parent_category(name="Engineering and the history of technology")
    subject = make_category(
        name="Steam engines, locomotives and what became of them",
        parent_category=parent,
    )
    videos = [make_video(categories=[subject]) for _ in range(6)]
    for video in videos:
        watch(video)
    return videos


def test_a_reason_is_whole_at_320_pixels(page, live_server, videos):
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(live_server.url)
    reasons = page.locator(".why__reason")
    assert reasons.count() == len(videos)
    assert page.evaluate(CUT_OFF) == 0
    assert any("what became of them" in text for text in reasons.all_inner_texts())


def test_the_rail_tells_its_reasons_when_asked(page, live_server, videos):
    page.goto(live_server.url + videos[0].get_absolute_url())
    first = page.locator("#related .why").first
    first.wait_for()
    panel = first.locator(".why__panel p").first
    assert first.locator("summary").inner_text().strip() == "Why this video?"
    assert not panel.is_visible()
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert panel.is_visible()
    assert panel.inner_text()
    page.keyboard.press("Escape")
    assert not panel.is_visible()
