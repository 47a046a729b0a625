"""Downloading the files of external videos, from public addresses only.

An external URL is untrusted: it must not reach into the worker's own network. For the
URL and each redirect, the host is resolved once, all its addresses must be public, and
the connection is made to one of these addresses.
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
from videos.files.probing import BadVideo, probe
from videos.models import Video

CHUNK = 1 << 20  # bytes
MAX_REDIRECTS = 5
TIMEOUT = Timeout(connect=10, read=30)
MAX_SECONDS = 3600.0
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # ends with the IPv4 address meant
USER_AGENT = "Mozilla/5.0 (compatible; video platform)"


class Refused(Exception):
    """The URL will never be fetched; the message is the reason."""


def enqueue_fetching(*, source: str) -> int:
    """Enqueue a download for each video of a source without a file; return how many."""
    keys = Video.objects.filter(
        source=source, video_file="", state=Video.State.READY
    ).values_list("pk", flat=True)
    for key in keys:
        tasks.fetch_video.enqueue(key)
    return len(keys)


def fetch_video(video_pk: int) -> str:
    """Download the file of an external video and process it as an upload.

    Returns the reason if the video stays external, else "". Raises `OSError` for a
    failure that may be temporary.
    """
    video = Video.objects.filter(pk=video_pk, state=Video.State.READY).first()
    if video is None or video.video_file:
        return "it has a file"
    with tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as file:
        try:
            download(video.external_url, file, limit=settings.UPLOAD_MAX_BYTES)
            probe(Path(file.name))
        except (Refused, BadVideo) as reason:
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
    """Write the content of `url` to `target`, at most `limit` bytes.

    Raises `Refused`, or `OSError` for a failure that may be temporary.
    """
    deadline = time.monotonic() + MAX_SECONDS
    for _ in range(MAX_REDIRECTS + 1):
        try:
            with closing(_request(urlsplit(url))) as answer:
                moved = answer.get_redirect_location()
                if not moved:
                    _copy(answer, target, limit, deadline)
                    return
                url = urljoin(url, moved)
        except HTTPError as error:
            raise OSError(f"{url}: {type(error).__name__}") from error
    raise Refused("too many redirects")


def _request(parts: SplitResult) -> BaseHTTPResponse:
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
    """An IP address of `host`. Raises `Refused` if any of them is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise OSError(f"{host} was not found") from error
    addresses = [str(address[0]) for *_, address in found]
    if not all(map(is_public, addresses)):
        raise Refused(f"{host} is not a public address")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether the IP address is global: the same machine from everywhere."""
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
