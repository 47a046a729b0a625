"""After a press of a button the page has the new numbers, and the focus stays near."""

from __future__ import annotations

import pytest

from accounts.tests.factories import make_user
from config.tests.browser import eventually, log_in
from interactions import services
from interactions.tests.factories import make_comment, watch
from interactions.views import COMMENTS
from videos.tests.factories import make_video

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def press(page, selector: str) -> None:
    """By keyboard, so that the focus is on it."""
    page.locator(selector).first.focus()
    page.keyboard.press("Enter")


def has_focus(page, selector: str) -> bool:
    script = "(wanted) => document.activeElement.matches(wanted)"
    return eventually(lambda: page.evaluate(script, selector), page, 5)


def counts(page, name: str) -> list[str]:
    return page.locator(f"[data-count='{name}']").all_inner_texts()


@pytest.fixture
def member(page, live_server):
    user = make_user()
    log_in(page, live_server.url, user)
    return user


def test_numbers_of_followers_change_wherever_they_are_shown(page, live_server, member):
    video = make_video(creator=make_user(show_follows=True))
    creator = video.creator
    followers, word = f"followers-{creator.pk}", f"followers-word-{creator.pk}"
    page.goto(live_server.url + video.get_absolute_url())
    assert counts(page, followers) == ["0"]
    press(page, f"#follow-{creator.pk}")
    page.locator(f"#follow-{creator.pk}[aria-pressed=true]").wait_for()
    assert (counts(page, followers), counts(page, word)) == (["1"], ["follower"])
    assert has_focus(page, f"#follow-{creator.pk}")

    page.goto(f"{live_server.url}{creator.get_absolute_url()}followers/")
    assert counts(page, followers) == ["1", "1"]  # above the tabs, and in one
    press(page, f"#follow-{creator.pk}")
    page.locator(f"#follow-{creator.pk}[aria-pressed=false]").wait_for()
    assert counts(page, followers) == ["0", "0"]

    services.follow(follower=member, followee=creator)
    page.goto(f"{live_server.url}{member.get_absolute_url()}following/")
    assert counts(page, f"following-{member.pk}") == ["1", "1"]
    press(page, f"#follow-{creator.pk}")
    page.locator(f"#follow-{creator.pk}[aria-pressed=false]").wait_for()
    assert counts(page, f"following-{member.pk}") == ["0", "0"]


def test_the_focus_stays_near_what_changed(page, live_server, member):
    video = make_video(creator=member)
    old = make_comment(video=video)
    for _ in range(COMMENTS):
        make_comment(video=video)
    page.goto(live_server.url + video.get_absolute_url())
    press(page, "[data-load-more=comments]")
    assert has_focus(page, f"#comment-{old.pk} a")
    page.get_by_text("1 more comments").wait_for(state="attached")

    page.locator("#comment-text").fill("Mine")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert has_focus(page, ".comment[autofocus]")
    assert "Mine" in page.evaluate("document.activeElement.innerText")

    page.locator(".comment__reply summary").first.click()
    page.locator(".comment__reply textarea").first.fill("My reply")
    press(page, ".comment__reply[open] button")
    assert has_focus(page, ".comment__replies .comment")

    press(page, ".comment__replies .comment button:has-text('Delete')")
    page.locator("#confirm[open]").wait_for()
    press(page, "#confirm [data-confirm-yes]")
    page.get_by_text("My reply").wait_for(state="detached")
    assert has_focus(page, ".comments > h2")

    press(page, f"#like-{video.video_id}")
    page.locator(f"#like-{video.video_id}[aria-pressed=true]").wait_for()
    assert has_focus(page, f"#like-{video.video_id}")


def test_the_focus_stays_in_lists(page, live_server, member):
    for _ in range(3):
        watch(make_video(), user=member)
    page.goto(live_server.url + "/history/")
    rows = page.locator(".row")
    title = rows.nth(1).locator("h3").inner_text()
    press(page, ".row__menu button")
    assert has_focus(page, ".row a")
    assert page.evaluate("document.activeElement.innerText") == title
    rows.nth(1).locator("button").focus()
    page.keyboard.press("Enter")  # the last one: the focus goes back by one
    assert has_focus(page, ".row a")
    press(page, ".row__menu button")
    page.locator(".row").wait_for(state="detached")
    assert has_focus(page, ":not(body)")

    for _ in range(25):
        services.follow(follower=make_user(), followee=member)
    page.goto(f"{live_server.url}{member.get_absolute_url()}followers/")
    press(page, "[data-load-more=people]")
    assert has_focus(page, ".people > li:nth-child(25) a")
    page.get_by_text("1 more people").wait_for(state="attached")

    # The studio's table is fetched again while a video is processed.
    waiting = make_video(creator=member, state="processing")
    page.goto(live_server.url + "/studio/")
    page.locator(f"#edit-{waiting.video_id}").focus()
    with page.expect_response("**/studio/"):
        pass
    page.wait_for_timeout(200)
    assert has_focus(page, f"#edit-{waiting.video_id}")
