"""A stranger's first visit, in a real browser with real clicks."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from config.runtime.worker import RetryingWorker
from config.tests.browser import wait_for
from interactions.models import Engagement
from recommender.registry import activation
from recommender.registry.activation import MODELS
from recommender.training import pipeline
from videos.models import Video
from videos.tests.clips import REAL, make_clip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def platform(settings, tmp_path: Path) -> None:
    """A small platform with playable clips, and a model trained on its viewers."""
    settings.VAR_DIR = tmp_path
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}
    }
    call_command("setup_platform", verbosity=0)
    call_command("seed_demo", videos=48, viewers=250, verbosity=0)
    # In so small a world what is popular ranks as well, and the run may be refused;
    # the journey is about the feeds that the model gives.
    run = pipeline.train(activate=False)
    activation.activate(MODELS, run=run, reason="For the journey", force=True)


def run_worker() -> None:
    RetryingWorker(
        queue_names=["*"],
        excluded_queue_names=[],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="test",
    ).run()


def shown_videos(page) -> list[str]:
    cards = page.locator("#feed [data-video-id]")
    return [cards.nth(n).get_attribute("data-video-id") for n in range(cards.count())]


def play(page, seconds: float) -> None:
    """Play so much of the video, quickly."""
    page.evaluate(
        """async (seconds) => {
            const video = document.getElementById("player");
            video.muted = true;
            video.playbackRate = 8;
            await video.play();
            await new Promise((done) => {
                video.addEventListener("timeupdate", () => {
                    if (video.currentTime >= seconds) done();
                });
                video.addEventListener("ended", done);
            });
            video.pause();
        }""",
        seconds,
    )


def test_first_visit(page, live_server, platform, tmp_path: Path) -> None:
    if not activation.active_run(MODELS):
        pytest.fail("the model of the small demo was refused")

    # Signs up from the home page, in the dialog, with an interest.
    page.goto(live_server.url)
    page.get_by_role("link", name="Sign up").first.click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Username").fill("stranger")
    dialog.get_by_label("E-mail").fill("stranger@example.com")
    dialog.locator("[name=password1]").fill("correct horse battery")
    videos = Video.objects.listed().values_list("parent_categories", flat=True)
    favourite = max(set(videos), key=list(videos).count)
    dialog.locator(f"[name=parent_category_interests][value='{favourite}']").check()
    dialog.get_by_role("button", name="Sign up").click()
    page.locator("a[href='/studio/']").first.wait_for(state="attached")  # a member's

    # The first page is already for them.
    page.locator("#feed [data-video-id]").first.wait_for()
    first_page = shown_videos(page)
    matching = Video.objects.filter(
        video_id__in=first_page, parent_categories=favourite
    ).count()
    unseen = Video.objects.listed().filter(parent_categories=favourite).count()
    assert matching >= min(unseen, len(first_page) // 2)

    # Watches one, likes it, follows its creator.
    page.locator("#feed .card__title a").first.click()
    wait_for(page, "document.getElementById('player')?.readyState >= 1")
    stranger = User.objects.get(username="stranger")
    video = Video.objects.get(video_id=urlsplit(page.url).path.split("/")[2])
    play(page, 0.8 * video.duration)
    page.locator(".watch__bar form[action$='/like/'] button").click()
    page.locator(".watch__bar [aria-pressed=true]").first.wait_for()
    page.locator(".creator form button").click()
    page.locator(".creator [aria-pressed=true]").wait_for()
    page.locator("#comment-text").fill("Lovely")
    page.get_by_role("button", name="Comment", exact=True).click()
    page.get_by_text("Lovely").first.wait_for()

    # The next page follows: what was seen is gone, and the order is another.
    page.goto(live_server.url)
    page.locator("#feed [data-video-id]").first.wait_for()
    engagement = Engagement.objects.get(user=stranger, video=video)
    assert engagement.viewed
    assert engagement.liked
    next_page = shown_videos(page)
    assert video.video_id not in next_page
    assert next_page != [shown for shown in first_page if shown != video.video_id]

    # Finds the creator's videos under Following.
    page.get_by_role("link", name="Following").first.click()
    page.wait_for_url("**/following/")
    creators = set(
        Video.objects.filter(video_id__in=shown_videos(page)).values_list(
            "creator__username", flat=True
        )
    )
    assert creators <= {video.creator.username}
    assert video.creator.videos.listed().count() == 0 or creators

    # Uploads a clip, which plays and seeks.
    clip = REAL / "mdn_cc0_flower.mp4"
    if not clip.exists():
        clip = make_clip(tmp_path / "clip.mp4", seconds=5)
    page.goto(live_server.url + "/upload/")
    page.locator("[name=file]").set_input_files(str(clip))
    page.locator("[name=title]").fill("My garden")
    page.locator("form[data-upload] .form__actions button").click()
    page.wait_for_url("**/studio/")
    page.get_by_text("Processing").first.wait_for()
    run_worker()
    assert not DBTaskResult.objects.failed().exists()
    page.get_by_text("Ready").first.wait_for()
    page.get_by_role("link", name="My garden", exact=True).click()
    wait_for(page, "document.getElementById('player')?.readyState >= 1")
    position = page.evaluate(
        """async () => {
            const video = document.getElementById("player");
            video.currentTime = 3;
            await new Promise((done) => video.addEventListener("seeked", done));
            return video.currentTime;
        }"""
    )
    assert position == pytest.approx(3, abs=0.2)
    assert tmp_path == settings.VAR_DIR
