"""Every kind of page keeps its content security policy, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.urls import reverse

from accounts.tests.factories import make_user
from accounts.tests.pictures import make_picture
from interactions.tests.factories import watch
from recommender.tests.planted import plant
from recommender.training import pipeline
from videos.models import Video
from videos.tests.clips import make_clip
from videos.tests.factories import make_category, make_video

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REPORT = """document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`Content Security Policy: ${event.effectiveDirective}`))"""


class Visits:
    """Opens pages and collects what their policies forbade."""

    def __init__(self, page: Any, server: str) -> None:
        self.page, self.server = page, server
        self.violations: list[tuple[str, str]] = []
        page.add_init_script(REPORT)
        page.on("console", self._read)

    def _read(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.violations.append((self.page.url, message.text))

    def __call__(self, address: str, *, status: int = 200) -> None:
        response = self.page.goto(self.server + address)
        assert response.status == status, address
        policy = response.headers["content-security-policy"]
        assert "'unsafe-" not in policy, address
        for directive in ("script-src 'self'", "frame-ancestors 'none'"):
            assert directive in policy, address
        assert "camera=()" in response.headers["permissions-policy"]


@pytest.fixture
def visit(page, live_server) -> Visits:
    return Visits(page, live_server.url)


def log_in(page, live_server, client, user) -> None:
    client.force_login(user)
    page.context.add_cookies(
        [
            {
                "name": "sessionid",
                "value": client.cookies["sessionid"].value,
                "url": live_server.url,
            }
        ]
    )


@pytest.fixture
def video(tmp_path: Path) -> Video:
    """A video that plays, with one beside it that has the same audience."""
    clip = make_clip(tmp_path / "clip.mp4", seconds=2)
    video, other = (
        make_video(
            content_type="video/mp4", duration=2.0, description="https://example.org"
        )
        for _ in range(2)
    )
    with clip.open("rb") as stored:
        video.video_file.save("clip", File(stored))
    video.thumbnail.save("t.jpg", ContentFile(make_picture().read()))
    category = make_category()
    video.categories.add(category)
    video.parent_categories.add(category.parent_category)
    for person in [make_user() for _ in range(3)]:
        for watched in (video, other):
            watch(watched, user=person, fraction=0.95)
    return video


def everyones_pages(video: Video) -> list[str]:
    username, id_ = video.creator.username, video.video_id
    category = video.categories.get()
    return [
        *("/", "/explore/", "/explore/people/", f"/explore/map/?video={id_}"),
        *(category.get_absolute_url(), category.parent_category.get_absolute_url()),
        *("/search/", "/search/?q=video", "/search/?q=nothing-like-it"),
        *(f"/profile/{username}/", f"/profile/{username}/about/"),
        *("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"),
        f"/video/{id_}/comments/",
    ]


def members_pages(video: Video) -> list[str]:
    return [
        *("/following/", "/history/", "/liked/", "/upload/", "/studio/"),
        f"/profile/{video.creator.username}/followers/",
        *(f"/video/{video.video_id}/{page}/" for page in ("edit", "delete")),
        *("/settings/", "/settings/interests/", "/settings/privacy/"),
        *("/settings/account/", "/accounts/email/", "/accounts/password/change/"),
        *("/accounts/2fa/", "/accounts/sessions/", "/accounts/logout/"),
    ]


def test_pages_of_guests(visit, video) -> None:
    for address in everyones_pages(video):
        visit(address)
    visit("/no-such-page/", status=404)
    assert visit.violations == []


def test_the_player_has_its_styles_and_plays(visit, page, video) -> None:
    visit(video.get_absolute_url())
    page.locator("media-play-button.player__start").click()
    page.locator("media-controller:not([mediapaused])").wait_for()
    # Its own stylesheet lays the player out; without, it is an inline element.
    laid_out = "getComputedStyle(document.getElementById('stage')).display"
    assert page.evaluate(laid_out) != "inline"
    shadow = "document.getElementById('stage').shadowRoot.querySelector('style').sheet"
    assert page.evaluate(f"{shadow}.cssRules.length") > 5
    assert visit.violations == []


@pytest.mark.slow
def test_pages_of_members(visit, page, live_server, client, video) -> None:
    log_in(page, live_server, client, video.creator)
    for address in [*everyones_pages(video)[:4], *members_pages(video)]:
        visit(address)
    assert visit.violations == []


@pytest.mark.slow
def test_the_admin_its_plots_and_the_documentation(
    visit, page, live_server, client
) -> None:
    plant()
    run = pipeline.train(model="ease")
    log_in(page, live_server, client, make_user(is_staff=True, is_superuser=True))
    models = admin.site._registry
    for model in models:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        visit(reverse(f"{name}_changelist"))
    visit(reverse("admin:videos_video_change", args=[Video.objects.first().pk]))
    visit(reverse("admin:recommender_modelrun_change", args=[run.pk]))
    page.locator(".chart__plot svg").first.wait_for()
    assert page.locator(".chart__plot svg path").count() > 5
    visit("/api/v1/docs/")
    page.locator(".opblock").first.wait_for()
    assert visit.violations == []


@pytest.mark.slow
def test_a_report_runs_its_own_scripts_alone(page, tmp_path, live_server) -> None:
    plant()
    call_command("evaluate_model", model=["ease"], folder=tmp_path, verbosity=0)
    visit = Visits(page, "")
    page.goto((tmp_path / "report.html").as_uri())
    page.locator(".chart__plot svg").first.wait_for()
    assert visit.violations == []
    added = "const s = document.createElement('script'); s.textContent = 'x = 1';"
    page.evaluate(added + "document.body.append(s)")
    assert page.evaluate("typeof x") == "undefined"
    assert len(visit.violations) > 0
