"""Files that nginx sends keep the headers that the platform gave them."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from config.tests.servers import NGINX, await_answer, free_port, nginx_command, process
from videos.files.delivery import POLICY
from videos.models import Video
from videos.tests.factories import make_video

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(NGINX is None, reason="no nginx is installed"),
]


@pytest.fixture
def nginx(live_server, settings, tmp_path):
    settings.X_ACCEL_REDIRECT = "/protected/"
    port = free_port()
    command = nginx_command(tmp_path, port, live_server.thread.port)
    (tmp_path / "media").mkdir(exist_ok=True)
    with process(command, {}):
        await_answer(f"http://127.0.0.1:{port}/accounts/login/")
        yield f"http://127.0.0.1:{port}"


def test_a_file_runs_no_script_and_is_asked_for_anew(nginx) -> None:
    video = make_video(content_type="video/mp4")
    video.video_file.save("clip", ContentFile(b"12345"))
    address = nginx + reverse("video_file", args=[video.video_id])
    with urllib.request.urlopen(address) as response:
        assert response.read() == b"12345"
        assert response.headers["Content-Security-Policy"] == POLICY
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Type"] == "video/mp4"
        assert "s-maxage=0" in response.headers["Cache-Control"]
    Video.objects.update(visibility="private")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(address)
