"""ETags: unchanged data is not sent again, and no edit overwrites another.

A tag is `"VERSION-DIGEST"`. `If-None-Match` compares all of it: the digest covers the
whole representation, counters included. `If-Match` compares the version alone, which
only an edit changes: a new view of a video is no conflict. RFC 9110, section 13.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import parse_etags, quote_etag
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from rest.renderers import FastJSONRenderer


class Versioned(Protocol):
    updated_at: datetime


class Outdated(APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = (
        "It was changed since you read it: read it again and repeat your change."
    )


def etag_response(
    request: Request, row: Versioned, data: Mapping[str, Any]
) -> Response:
    """`data`, the representation of `row`, with its ETag; 304 if the client has it."""
    digest = hashlib.sha256(FastJSONRenderer().render(data)).hexdigest()[:16]
    etag = quote_etag(f"{_version(row)}-{digest}")
    known = {
        tag.removeprefix("W/")  # it was compressed
        for tag in parse_etags(request.headers.get("If-None-Match", ""))
    }
    unchanged = request.method in ("GET", "HEAD") and ("*" in known or etag in known)
    response = Response(status=304) if unchanged else Response(data)
    response["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Authorization", "Cookie"])
    return response


def check_unchanged(request: Request, row: Versioned) -> None:
    """Raise `Outdated` if `If-Match` names another version of `row`.

    The caller must hold a lock on the row until its change is written.
    """
    expected = parse_etags(request.headers.get("If-Match", ""))
    if not expected or "*" in expected:
        return
    versions = {etag.removeprefix("W/").strip('"').split("-")[0] for etag in expected}
    if _version(row) not in versions:
        raise Outdated


def _version(row: Versioned) -> str:
    return f"{int(row.updated_at.timestamp() * 1e6):x}"
