"""Fetching over real HTTP; only this machine's own address has to be allowed."""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from videos.files import fetching
from videos.models import Video
from videos.tests.clips import make_clip
from videos.tests.factories import make_video


@contextmanager
def serving(answers):
    """`answers`: path -> status, headers, body; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hosts.append(self.headers["Host"])
            status, headers, body = answers[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args) -> None:
            """Quiet."""

    hosts: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", hosts
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def _local_is_public(monkeypatch):
    monkeypatch.setattr(fetching, "is_public", lambda address: address == "127.0.0.1")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # metadata of clouds
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),  # 127.0.0.1 behind a translator
    ],
)
def test_which_addresses_are_public(address, public):
    assert fetching.is_public(address) is public


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/x.mp4",
        "http://localhost/x.mp4",
        "http://[::1]/x.mp4",
        "http://2130706433/x.mp4",
        "file:///etc/passwd",
        "ftp://example.com/x.mp4",
        "http://example.com:99999/x.mp4",
        "http:///x.mp4",
    ],
)
def test_what_is_not_public_is_never_asked(url):
    with pytest.raises(fetching.Refused):
        fetching.download(url, io.BytesIO(), limit=100)


@pytest.mark.usefixtures("_local_is_public")
def test_a_redirect_into_the_network_is_not_followed():
    answers = {"/a": (302, {"Location": "http://127.0.0.2:1/secret"}, b"")}
    with (
        serving(answers) as (address, _),
        pytest.raises(fetching.Refused, match=r"127\.0\.0\.2 is not a public"),
    ):
        fetching.download(f"{address}/a", io.BytesIO(), limit=100)


@pytest.mark.usefixtures("_local_is_public")
def test_download():
    answers = {
        "/old?x=1": (302, {"Location": "/new"}, b""),
        "/new": (200, {}, b"a film"),
        "/round": (302, {"Location": "/round"}, b""),
        "/gone": (404, {}, b""),
        "/busy": (503, {}, b""),
    }
    with serving(answers) as (address, hosts):
        target = io.BytesIO()
        fetching.download(f"{address}/old?x=1#part", target, limit=6)
        assert target.getvalue() == b"a film"
        assert hosts == [address.removeprefix("http://")] * 2
        for path, limit, reason in (
            ("/new", 5, "larger than"),
            ("/round", 5, "too many redirects"),
            ("/gone", 5, "answered 404"),
        ):
            with pytest.raises(fetching.Refused, match=reason):
                fetching.download(address + path, io.BytesIO(), limit=limit)
        with pytest.raises(OSError, match="answered 503"):
            fetching.download(f"{address}/busy", io.BytesIO(), limit=5)
    with pytest.raises(OSError, match="NewConnectionError"):
        fetching.download(f"{address}/new", io.BytesIO(), limit=5)


@pytest.mark.django_db
@pytest.mark.usefixtures("_local_is_public")
def test_a_video_elsewhere_gets_a_file_here(tmp_path):
    clip = make_clip(tmp_path / "clip.mp4").read_bytes()
    answers = {"/clip.mp4": (200, {}, clip), "/page": (200, {}, b"<html>")}
    with serving(answers) as (address, _):
        video = make_video(external_url=f"{address}/clip.mp4")
        page = make_video(external_url=f"{address}/page")
        assert fetching.fetch_video(video.pk) == ""
        assert "not a video" in fetching.fetch_video(page.pk)
    video.refresh_from_db()
    assert video.state == Video.State.PROCESSING
    with video.video_file.open() as stored:
        assert stored.read() == clip
    assert fetching.fetch_video(video.pk) == "it has a file"
    page.refresh_from_db()
    assert (page.state, page.video_file.name) == (Video.State.READY, "")


@pytest.mark.django_db
def test_all_of_a_source_that_have_no_file_are_enqueued():
    for number in range(2):
        make_video(source="elsewhere", external_id=str(number))
    make_video()
    assert fetching.enqueue_fetching(source="elsewhere") == 2
