"""The taste map in a real browser: by mouse, keyboard and finger, and as a list."""

from __future__ import annotations

import pytest

from accounts.tests.factories import make_user
from interactions.tests.factories import watch
from recommender.graph.queries.interface import CROWD
from videos.tests.factories import make_video

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]
FOCUSED = "document.activeElement.closest('[data-key]')?.dataset.key"


@pytest.fixture
def videos():
    videos = [make_video(title=f"Video {number}") for number in range(6)]
    for person in [make_user() for _ in range(CROWD)]:
        for video in videos:
            watch(video, user=person, fraction=0.95)
    return videos


def centre(box):
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_every_point_is_a_link_however_it_is_reached(page, live_server, videos):
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    middle = videos[0]
    address = f"{live_server.url}/explore/map/?video={middle.video_id}"
    page.goto(address)
    page.wait_for_selector(".taste-map--drawn canvas", state="attached")
    points = page.locator(".map-node")
    assert points.count() == len(videos) + 1  # and the creator of the middle one
    boxes = [points.nth(n).bounding_box() for n in range(points.count())]
    assert len({(round(box["x"]), round(box["y"])) for box in boxes}) == len(boxes)

    # Dragging by a point moves the map and follows no link.
    link = page.locator(f"[data-key='video-{middle.video_id}'] .map-node__link")
    x, y = centre(link.bounding_box())
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=4)
    page.mouse.up()
    assert page.url == address
    assert centre(link.bounding_box())[0] == pytest.approx(x + 60, abs=2)

    # An arrow key leads to another point, Enter opens it.
    link.focus()
    page.keyboard.press("ArrowDown")
    if page.evaluate(FOCUSED) == f"video-{middle.video_id}":
        page.keyboard.press("ArrowUp")
    reached = page.evaluate(FOCUSED)
    assert reached != f"video-{middle.video_id}"
    href = page.evaluate("document.activeElement.href")
    page.keyboard.press("Enter")
    page.wait_for_url(href)

    # The list has the same links, in rows.
    page.goto(address)
    page.get_by_role("button", name="Show as list").click()
    lefts = {round(points.nth(n).bounding_box()["y"]) for n in range(points.count())}
    assert len(lefts) > 1
    page.locator(f"[data-key='video-{middle.video_id}'] .map-node__link").click()
    page.wait_for_url(f"**{middle.get_absolute_url()}")
    assert not errors

    # A finger's tap, which Cytoscape would keep to itself, opens a point too.
    phone = page.context.browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    touched = phone.new_page()
    touched.goto(address)
    touched.wait_for_selector(".taste-map--drawn canvas", state="attached")
    touched.locator(f"[data-key='video-{middle.video_id}'] .map-node__link").tap()
    touched.wait_for_url(f"**{middle.get_absolute_url()}")
    touched.goto("about:blank")
    phone.close()
