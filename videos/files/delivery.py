"""Sending a stored file over HTTP in chunks, with ranges and conditions.

RFC 9110, sections 13 (conditional requests) and 14 (range requests). The caller checks
permissions.
"""

from __future__ import annotations

import io
import re
from datetime import datetime
from urllib.parse import quote

from django.conf import settings
from django.core.files.base import File
from django.db.models.fields.files import FieldFile
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
)
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import http_date, parse_http_date_safe, quote_etag

CHUNK = 256 * 1024  # bytes
# A file that is opened in a tab is shown by the browser's own player, with the styles
# of that player. No script runs, whatever was uploaded. `sandbox` would stop it.
POLICY = (
    "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})$")


class RangeNotSatisfiable(Exception):
    """The requested range is outside the file."""


def serve(
    request: HttpRequest,
    file: FieldFile,
    *,
    content_type: str,
    filename: str,
    public: bool,
    max_age: int,
) -> HttpResponseBase:
    """The response with `file`: 200, 206, 304 or 416.

    `filename` is the name for downloads. If `public`, browsers may keep the file for
    `max_age` seconds; shared caches ask before each use, so that they stop sending what
    is no longer public. Raises `Http404` if the storage has no such file.
    """
    storage, name = file.storage, str(file.name)
    try:
        size = storage.size(name)
        modified = storage.get_modified_time(name)
    except FileNotFoundError:
        raise Http404("The file is missing.") from None
    etag = quote_etag(f"{size:x}-{int(modified.timestamp() * 1e6):x}")
    seconds = int(modified.timestamp())

    response: HttpResponseBase = get_conditional_response(
        request, etag=etag, last_modified=seconds
    ) or _content(request, file, size, etag, modified)
    if response.status_code in (200, 206):
        response["Content-Type"] = content_type
        response["Content-Disposition"] = f"inline; {_disposition(filename)}"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Last-Modified"] = http_date(seconds)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY
    if public:
        patch_cache_control(
            response, public=True, max_age=max_age, s_maxage=0, proxy_revalidate=True
        )
    else:  # revalidated each time, so that nothing is shown after log-out
        patch_cache_control(response, private=True, no_cache=True)
    return response


def _content(
    request: HttpRequest, file: FieldFile, size: int, etag: str, modified: datetime
) -> HttpResponseBase:
    if settings.X_ACCEL_REDIRECT:
        # nginx sends the file and handles ranges.
        response = HttpResponse()
        response["X-Accel-Redirect"] = settings.X_ACCEL_REDIRECT + quote(str(file.name))
        return response
    try:
        requested = _requested_range(request, size, etag, modified)
    except RangeNotSatisfiable:
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{size}"
        return response
    first, last = requested or (0, size - 1)
    length = last - first + 1
    streamed: HttpResponseBase
    if request.method == "HEAD":
        streamed = HttpResponse()
    else:
        # The server sends it, without a thread that waits for the client.
        streamed = FileResponse(FilePart(file, first, length))
        streamed.block_size = CHUNK
    streamed["Content-Length"] = str(length)
    if requested:
        streamed.status_code = 206
        streamed["Content-Range"] = f"bytes {first}-{last}/{size}"
    return streamed


def _requested_range(
    request: HttpRequest, size: int, etag: str, modified: datetime
) -> tuple[int, int] | None:
    """The first and last byte of the requested range, or None for the whole file.

    Anything but a single byte range is ignored, and so is a range whose `If-Range`
    names another version of the file.
    """
    match = RANGE.match(request.headers.get("Range", "").strip())
    if match is None or match.groups() == ("", ""):
        return None
    if not _same_version(request.headers.get("If-Range"), etag, modified):
        return None
    first, last = match.groups()
    if not first:  # the last N bytes
        start, end = max(0, size - int(last)), size - 1
        if int(last) == 0:
            raise RangeNotSatisfiable
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
    if start >= size:
        raise RangeNotSatisfiable
    return start, end


def _same_version(condition: str | None, etag: str, modified: datetime) -> bool:
    if not condition:
        return True
    if condition.startswith('"'):
        return condition == etag
    date = parse_http_date_safe(condition)
    return date is not None and date == int(modified.timestamp())


class FilePart:
    """`length` bytes of a stored file from `first` on, as a file.

    It is opened by the first read: a response that is not read holds no file.
    """

    def __init__(self, file: FieldFile, first: int, length: int) -> None:
        self._file, self._first, self._length = file, first, length
        self._stored: File[bytes] | None = None
        self._position = 0

    def read(self, size: int = -1) -> bytes:
        left = self._length - self._position
        size = left if size < 0 else min(size, left)
        if size <= 0:
            return b""
        if self._stored is None:
            self._stored = self._file.storage.open(str(self._file.name), "rb")
        self._stored.seek(self._first + self._position)
        data: bytes = self._stored.read(size)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_CUR: self._position, io.SEEK_END: self._length}
        self._position = start.get(whence, 0) + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        if self._stored is not None:
            self._stored.close()


def _disposition(filename: str) -> str:
    ascii_name = re.sub(r"[^A-Za-z0-9 ._-]+", "_", filename).strip() or "video"
    return f"filename=\"{ascii_name}\"; filename*=UTF-8''{quote(filename, safe='')}"
