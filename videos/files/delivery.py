"""Sending a stored file over HTTP in chunks, with ranges and conditions.

RFC 9110, sections 13 (conditional requests) and 14 (range requests). The caller checks
permissions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote

from django.conf import settings
from django.db.models.fields.files import FieldFile
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import http_date, parse_http_date_safe, quote_etag

CHUNK = 256 * 1024  # bytes
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

    `filename` is the name for downloads. If `public`, shared caches may keep the file
    for `max_age` seconds. Raises `Http404` if the storage has no such file.
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
    # No script may run in the context of an uploaded file.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if public:
        patch_cache_control(response, public=True, max_age=max_age)
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
        streamed = StreamingHttpResponse(_chunks(file, first, length))
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


def _chunks(file: FieldFile, first: int, length: int) -> Iterator[bytes]:
    # Opened with the first chunk: a response that is not read holds no file.
    with file.storage.open(str(file.name), "rb") as stored:
        stored.seek(first)
        while length > 0 and (chunk := stored.read(min(CHUNK, length))):
            length -= len(chunk)
            yield chunk


def _disposition(filename: str) -> str:
    ascii_name = re.sub(r"[^A-Za-z0-9 ._-]+", "_", filename).strip() or "video"
    return f"filename=\"{ascii_name}\"; filename*=UTF-8''{quote(filename, safe='')}"
