"""Fetching videos that lie elsewhere, from public addresses alone.

An address that comes with a video was chosen by a stranger. So that it cannot reach
into the network that the worker stands in, the host is resolved once, what it resolves
to must be public, and that very address is connected to; so for each redirect.
"""

from __future__ import annotations

import ipaddress
import socket
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import IO
from urllib.parse import SplitResult, urljoin, urlsplit

from django.conf import settings
from django.core.files import File
from django.db import transaction
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

from videos import tasks
from videos.files import media
from videos.models import Video

CHUNK = 1 << 20  # bytes
MAX_REDIRECTS = 5
TIMEOUT = Timeout(connect=10, read=30)
MAX_SECONDS = 3600.0
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # ends with the IPv4 address meant
USER_AGENT = "Mozilla/5.0 (compatible; video platform)"


class Refused(Exception):
    """The address will not be fetched, however often one tries; says why."""


def enqueue_fetching(*, source: str) -> int:
    """Have the worker fetch the videos of a source that have no file; counts them."""
    keys = Video.objects.filter(
        source=source, video_file="", state=Video.State.READY
    ).values_list("pk", flat=True)
    for key in keys:
        tasks.fetch_video.enqueue(key)
    return len(keys)


def fetch_video(video_pk: int) -> str:
    """Give a video elsewhere a file here, which is then processed as an upload is.

    Returns why it stays as it is, or nothing. A failure that may pass is raised.
    """
    video = Video.objects.filter(pk=video_pk, state=Video.State.READY).first()
    if video is None or video.video_file:
        return "it has a file"
    with tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as file:
        try:
            download(video.external_url, file, limit=settings.UPLOAD_MAX_BYTES)
            media.probe(Path(file.name))
        except (Refused, media.BadVideo) as reason:
            return str(reason)
        file.seek(0)
        _attach(video_pk, file)
    return ""


@transaction.atomic
def _attach(video_pk: int, file: IO[bytes]) -> None:
    video = Video.objects.select_for_update().filter(pk=video_pk).first()
    if video is None or video.video_file:
        return
    video.video_file.save("video", File(file), save=False)
    video.state = Video.State.PROCESSING
    video.save(update_fields=["video_file", "state", "updated_at"])
    tasks.process_video.enqueue(video.pk)


def download(url: str, target: IO[bytes], *, limit: int) -> None:
    """Write what `url` answers to `target`, at most `limit` bytes.

    Raises `Refused`, or `OSError` for what may go better another time.
    """
    deadline = time.monotonic() + MAX_SECONDS
    for _ in range(MAX_REDIRECTS + 1):
        try:
            with closing(_ask(urlsplit(url))) as answer:
                moved = answer.get_redirect_location()
                if not moved:
                    _copy(answer, target, limit, deadline)
                    return
                url = urljoin(url, moved)
        except HTTPError as error:
            raise OSError(f"{url}: {type(error).__name__}") from error
    raise Refused("too many redirects")


def _ask(parts: SplitResult) -> BaseHTTPResponse:
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused("not a web address")
    https = parts.scheme == "https"
    try:
        port = parts.port or (443 if https else 80)
    except ValueError:
        raise Refused("not a web address") from None
    address = public_address(parts.hostname, port)
    pool: HTTPConnectionPool = (
        HTTPSConnectionPool(
            address,
            port,
            server_hostname=parts.hostname,
            assert_hostname=parts.hostname,
        )
        if https
        else HTTPConnectionPool(address, port)
    )
    host = parts.netloc.rpartition("@")[2]
    return pool.urlopen(
        "GET",
        parts._replace(scheme="", netloc="", fragment="").geturl() or "/",
        headers={"Host": host, "User-Agent": USER_AGENT, "Accept": "video/*, */*"},
        timeout=TIMEOUT,
        retries=False,
        redirect=False,
        preload_content=False,
    )


def public_address(host: str, port: int) -> str:
    """An address of `host` to connect to. Raises `Refused` if any is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise OSError(f"{host} was not found") from error
    addresses = [str(address[0]) for *_, address in found]
    if not all(map(is_public, addresses)):
        raise Refused(f"{host} is not a public address")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether everybody reaches the same machine under this IP address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        within = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None
        ip = ip.ipv4_mapped or ip.sixtofour or within or ip
    return ip.is_global and not ip.is_multicast


def _copy(
    answer: BaseHTTPResponse, target: IO[bytes], limit: int, deadline: float
) -> None:
    if answer.status in (408, 425, 429) or answer.status >= 500:
        raise OSError(f"the server answered {answer.status}")
    if answer.status != 200:
        raise Refused(f"the server answered {answer.status}")
    size = 0
    for chunk in answer.stream(CHUNK):
        size += len(chunk)
        if size > limit:
            raise Refused(f"larger than {limit >> 20} MiB")
        if time.monotonic() > deadline:
            raise Refused("takes too long")
        target.write(chunk)
    target.flush()
