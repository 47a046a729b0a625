"""axe finds nothing on any kind of page: on phones and desktops, light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import include, path, reverse

from accounts.tests.factories import make_user
from config.tests import axe
from config.tests.browser import log_in
from interactions import services
from interactions.tests.factories import make_comment, watch
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


def refuse(request):
    raise PermissionDenied


def fail(request):
    raise RuntimeError("for the error page")


def throttle(request):
    from django.shortcuts import render

    return render(request, "429.html", status=429)


urlpatterns = [
    path("error/403/", refuse),
    path("error/429/", throttle),
    path("error/500/", fail),
    path("", include("config.urls")),
]
handler404 = "rest.problems.not_found"
handler500 = "rest.problems.server_error"


class World:
    """A small site on which every kind of page has something to show."""

    def __init__(self, folder: Path) -> None:
        self.category = make_category(name="Jazz", slug="jazz")
        self.member = make_user(username="member", first_name="Mia", bio="I play.")
        shown = {"show_interests": True, "show_follows": True, "verified": True}
        self.creator = make_user(username="creator", first_name="Carl", **shown)
        kinds = [self.category]
        text = "Recorded live. https://example.com/ " * 3
        self.videos = [
            make_video(
                title=f"Jazz number {number}",
                description=text,
                creator=self.creator,
                categories=kinds,
                is_premium=not number,
            )
            for number in range(6)
        ]
        self.video = self.videos[0]
        clip = make_clip(folder / "portrait.mp4", seconds=1, size="90x160")
        self.video.video_file.save("video", as_upload(clip))
        Video.objects.filter(pk=self.video.pk).update(
            content_type="video/mp4", width=90, height=160
        )
        own = {"creator": self.member, "categories": kinds}
        self.own = make_video(title="My own", visibility="unlisted", **own)
        self.processing = make_video(title="In work", state="processing", **own)
        self.failed = make_video(
            title="Broken", state="failed", failure="It has no picture.", **own
        )
        for video in self.videos[1:5]:
            watch(video, user=self.member)
            for person in (make_user() for _ in range(CROWD)):
                watch(self.video, user=person, fraction=0.95)
                watch(video, user=person, fraction=0.95)
        services.like(user=self.member, video=self.video)
        services.follow(follower=self.member, followee=self.creator)
        services.follow(follower=self.creator, followee=self.member)
        for person in (self.member, self.creator):
            person.parent_category_interests.add(self.category.parent_category)
        search.refresh([video.pk for video in (*self.videos, self.own)])
        thread = make_comment(video=self.video, user=self.member)
        make_comment(video=self.video, parent=thread, user=self.creator)

    def public(self) -> list[str]:
        video, person = self.video.video_id, self.creator.username
        return [
            *("/", "/explore/", "/explore/people/", "/category/jazz/"),
            *("/search/", "/search/?q=jazz", "/search/?q=nothing", "/search/?q=carl"),
            self.video.get_absolute_url(),
            *(f"/video/{video}/comments/", f"/video/{video}/related/"),
            *("/explore/map/", f"/explore/map/?video={video}"),
            *(f"/profile/{person}/", f"/profile/{person}/about/"),
            *(f"/profile/{person}/followers/", f"/profile/{person}/following/"),
            *("/nowhere/", "/error/403/", "/error/429/", "/error/500/"),
        ]

    def for_visitors(self) -> list[str]:
        return [
            *(reverse("account_login"), reverse("account_signup")),
            reverse("account_reset_password"),
            reverse("account_reset_password_done"),
        ]

    def for_members(self) -> list[str]:
        own, person = self.own.video_id, self.member.username
        other = self.video.get_absolute_url()
        return [
            *("/", other, f"{other}comments/", self.creator.get_absolute_url()),
            *("/explore/people/", "/explore/map/", "/category/jazz/"),
            *("/following/", "/history/", "/liked/", "/upload/", "/studio/"),
            *(f"/video/{own}/edit/", f"/video/{own}/delete/"),
            self.processing.get_absolute_url(),
            self.failed.get_absolute_url(),
            *(f"/profile/{person}/", f"/profile/{person}/about/"),
            *("/settings/", "/settings/interests/", "/settings/privacy/"),
            *("/settings/account/", reverse("account_email"), reverse("mfa_index")),
            *(reverse("account_change_password"), reverse("account_logout")),
            reverse("account_reauthenticate"),
        ]


@pytest.fixture
def world(settings, session_folder) -> World:
    if not axe.SCRIPT.exists():
        pytest.skip("axe-core is not installed: make install-dev")
    settings.ROOT_URLCONF = __name__
    return World(session_folder)


def check(page, found: list[str], name: str, rules: dict = axe.ALL) -> None:
    """Add what is wrong with the page as it is, in both sizes and themes."""
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        for scheme, chosen in (("light", rules), ("dark", axe.CONTRAST)):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            where = f"{name} ({size['width']}, {scheme})"
            found += [f"{where}\n    {line}" for line in axe.problems(page, chosen)]


def visit(page, found: list[str], live_server, addresses: list[str]) -> None:
    for address in addresses:
        page.goto(live_server.url + address)
        page.wait_for_load_state("networkidle")
        check(page, found, address)


def test_axe_finds_nothing_for_visitors(page, live_server, world):
    found: list[str] = []
    visit(page, found, live_server, world.public() + world.for_visitors())

    page.goto(live_server.url + reverse("docs"))
    for kind in ("get", "post", "put", "patch", "delete"):
        page.locator(f".opblock-{kind} .opblock-summary-control").first.click()
    page.wait_for_load_state("networkidle")
    check(page, found, "API", rules=axe.WCAG)

    page.goto(live_server.url)
    page.wait_for_load_state("networkidle")
    page.locator(".why summary").first.click()
    check(page, found, "a reason")
    page.get_by_role("link", name="Sign up").first.click()
    page.locator("#dialog [name=username]").wait_for()
    check(page, found, "sign-up dialog")
    assert not found, "\n".join(found)


def test_axe_finds_nothing_for_members(page, live_server, world):
    found: list[str] = []
    log_in(page, live_server.url, world.member)
    visit(page, found, live_server, world.for_members())

    page.goto(live_server.url)
    page.wait_for_load_state("networkidle")
    page.set_viewport_size(DESKTOP)
    page.get_by_label("Your account").click()
    check(page, found, "account menu")
    page.set_viewport_size(DESKTOP)
    page.locator(".card__menu summary").first.click()
    check(page, found, "card menu")
    page.get_by_role("button", name="Not interested").first.click()
    page.locator(".card--dismissed").wait_for()
    check(page, found, "dismissed card")

    page.goto(live_server.url + world.video.get_absolute_url())
    page.wait_for_load_state("networkidle")
    page.locator(".comment__reply summary").first.click()
    page.get_by_role("button", name="Share").click()
    page.locator(".toast").wait_for()
    check(page, found, "reply form and message")
    page.get_by_role("button", name="Delete").first.click()
    page.locator("#confirm[open]").wait_for()
    check(page, found, "question")

    page.context.clear_cookies(name="csrftoken")
    page.goto(live_server.url + "/settings/privacy/")
    page.context.clear_cookies(name="csrftoken")
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("This form has expired").wait_for()
    check(page, found, "expired form")
    assert not found, "\n".join(found)


def test_axe_finds_nothing_in_the_admin(page, live_server, world):
    found: list[str] = []
    visit(page, found, live_server, ["/admin/login/"])
    log_in(page, live_server.url, make_user(is_staff=True, is_superuser=True))
    visit(page, found, live_server, ["/admin/", "/admin/recommender/modelrun/"])
    assert not found, "\n".join(found)
