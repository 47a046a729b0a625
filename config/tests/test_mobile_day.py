"""The example client's day, against one server, and against two behind nginx."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files import File
from django.core.management import call_command
from django.db import connection

from accounts.tests.factories import make_user
from videos.models import Category, Video
from videos.tests.clips import make_clip
from videos.tests.factories import make_video

DAY = settings.BASE_DIR / "docs" / "examples" / "mobile_day.py"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")

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


@pytest.mark.skipif(NGINX is None, reason="no nginx is installed")
@pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs a Unix")
def test_against_two_web_processes_behind_nginx(platform, tmp_path: Path):
    ports = [_free_port() for _ in range(3)]
    (tmp_path / "nginx.conf").write_text(_nginx_conf(tmp_path, *ports))
    environment = _environment(tmp_path)
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    gunicorn = [
        *(sys.executable, "-m", "gunicorn", "config.wsgi:application"),
        *("--worker-class", "gthread", "--threads", "2"),
    ]
    with ExitStack() as running:
        for command in (
            [*manage, "run_worker"],
            *([*gunicorn, "--bind", f"127.0.0.1:{port}"] for port in ports[:2]),
            [str(NGINX), "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        ):
            running.enter_context(_process(command, environment))
        for port in ports:
            _await_answer(f"http://127.0.0.1:{port}/api/v1/feeds/")
        live_a_day(f"http://127.0.0.1:{ports[2]}")


def _nginx_conf(folder: Path, first: int, second: int, port: int) -> str:
    temporary = "".join(
        f"  {kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
{"user root;" if os.geteuid() == 0 else ""}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
  access_log off;
  client_max_body_size 100m;
{temporary}
  upstream web {{ server 127.0.0.1:{first}; server 127.0.0.1:{second}; }}
  server {{
    listen 127.0.0.1:{port};
    location /protected/ {{ internal; alias {folder}/media/; }}
    location / {{
      proxy_pass http://web;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
  }}
}}
"""


def _environment(folder: Path) -> dict[str, str]:
    """What lets other processes use the database of this test."""
    connection.ensure_connection()
    database = connection.settings_dict
    return os.environ | {
        "DB_NAME": str(database["NAME"]),
        "DB_USER": str(database["USER"]),
        "DB_PASSWORD": str(database["PASSWORD"]),
        "DB_HOST": str(database["HOST"]),
        "DB_PORT": str(database["PORT"]),
        "SECRET_KEY": "two processes share it",
        "VAR_DIR": str(folder),
        "X_ACCEL_REDIRECT": "/protected/",
        "TRUSTED_PROXY_COUNT": "1",
    }


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        command, env=environment, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL
    )
    try:
        yield
        assert process.poll() is None, command
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:  # it was still starting
            process.kill()
            process.wait()


def _await_answer(url: str) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(url, timeout=60):
                return
        except OSError:
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(0.5)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
