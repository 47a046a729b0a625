"""The example client's day, against one server, and against two behind nginx."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files import File
from django.core.management import call_command

from accounts.tests.factories import make_user
from config.tests.servers import (
    NGINX,
    await_answer,
    environment_for,
    free_port,
    nginx_command,
    process,
)
from videos.models import Category, Video
from videos.tests.clips import make_clip
from videos.tests.factories import make_video

DAY = settings.BASE_DIR / "docs" / "examples" / "mobile_day.py"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def platform(transactional_db, settings, tmp_path: Path) -> None:
    """Forty videos of every category, of which each is one and the same clip."""
    settings.VAR_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    cache.clear()
    call_command("setup_platform", verbosity=0)
    clip = make_clip(tmp_path / "clip.mp4")
    categories = list(Category.objects.select_related("parent_category"))
    creators = [make_user() for _ in range(8)]
    for number in range(40):
        video = make_video(
            creator=creators[number % 8],
            categories=[categories[number % len(categories)]],
            content_type="video/mp4",
            duration=2.0,
        )
        with clip.open("rb") as file:
            video.video_file.save("video", File(file))
    assert Video.objects.listed().count() == 40


def live_a_day(address: str) -> None:
    done = subprocess.run(
        [sys.executable, str(DAY), address], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 7, done.stdout


def test_against_one_server(platform, live_server, settings):
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}
    }
    live_a_day(live_server.url)


@pytest.mark.slow
@pytest.mark.skipif(NGINX is None, reason="no nginx is installed")
@pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs a Unix")
def test_against_two_web_processes_behind_nginx(platform, tmp_path: Path):
    ports = [free_port() for _ in range(3)]
    environment = environment_for(
        tmp_path, X_ACCEL_REDIRECT="/protected/", TRUSTED_PROXY_COUNT="1"
    )
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    gunicorn = [
        *(sys.executable, "-m", "gunicorn", "config.wsgi:application"),
        *("--worker-class", "config.runtime.web_worker.Worker", "--threads", "2"),
    ]
    with ExitStack() as running:
        for command in (
            [*manage, "run_worker"],
            *([*gunicorn, "--bind", f"127.0.0.1:{port}"] for port in ports[:2]),
            nginx_command(tmp_path, ports[2], *ports[:2]),
        ):
            running.enter_context(process(command, environment))
        for port in ports:
            await_answer(f"http://127.0.0.1:{port}/api/v1/feeds/")
        live_a_day(f"http://127.0.0.1:{ports[2]}")
