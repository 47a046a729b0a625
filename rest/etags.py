"""ETags: what has not changed is not sent again, and nobody's change is overwritten.

A tag is `"VERSION-DIGEST"`. `If-None-Match` compares the whole of it: the digest is of
what the client would be sent, counters and all. `If-Match` compares the version alone,
which changes when somebody edits: that a video was watched meanwhile is no conflict.
RFC 9110, section 13.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import parse_etags, quote_etag
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import TimeStamped


class Outdated(APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = (
        "It was changed since you read it: read it again and repeat your change."
    )


def tagged(request: Request, row: TimeStamped, data: Mapping[str, Any]) -> Response:
    """`data`, the representation of `row`, with its ETag; 304 for who has it."""
    digest = hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:16]
    etag = quote_etag(f"{_version(row)}-{digest}")
    known = parse_etags(request.headers.get("If-None-Match", ""))
    unchanged = request.method in ("GET", "HEAD") and ("*" in known or etag in known)
    response = Response(status=304) if unchanged else Response(data)
    response["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Authorization", "Cookie"])
    return response


def check_unchanged(request: Request, row: TimeStamped) -> None:
    """Raises `Outdated` where `If-Match` names another version of `row`.

    The caller holds a lock on the row, so that it stays as it was compared.
    """
    wanted = parse_etags(request.headers.get("If-Match", ""))
    if not wanted or "*" in wanted:
        return
    versions = {etag.removeprefix("W/").strip('"').split("-")[0] for etag in wanted}
    if _version(row) not in versions:
        raise Outdated


def _version(row: TimeStamped) -> str:
    return f"{int(row.updated_at.timestamp() * 1e6):x}"
