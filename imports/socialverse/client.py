"""Requests pages of the API over HTTP, with time-outs, retries and the token."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import Retry, Timeout

from imports.records import DatasetError

logger = logging.getLogger(__name__)

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
MAX_RETRY_AFTER = 600  # seconds; after a longer one the request fails
MALFORMED_ATTEMPTS = 3  # at an answer that is not JSON


@dataclass(frozen=True)
class Stream:
    """One kind of rows. `keys` are the names under which answers hold them."""

    name: str
    path: str
    keys: tuple[str, ...]
    needs_token: bool = False


STREAMS: Mapping[str, Stream] = MappingProxyType(
    {
        stream.name: stream
        for stream in (
            Stream("users", "/users/get_all", ("users",), needs_token=True),
            Stream("posts", "/posts/summary/get", ("posts", "post"), needs_token=True),
            Stream("views", "/posts/view", ("posts",)),
            Stream("likes", "/posts/like", ("posts",)),
            Stream("inspires", "/posts/inspire", ("posts",)),
            Stream("ratings", "/posts/rating", ("posts",)),
        )
    }
)


@dataclass(frozen=True)
class RetryPolicy:
    """Time-outs and retries; times are in seconds.

    The pause doubles from `backoff` to `longest_pause`, with as much again at random.
    """

    connect: float = 10
    read: float = 60
    attempts: int = 8
    backoff: float = 0.5
    longest_pause: float = 60


class Client:
    """Raises `DatasetError` if the address or a secret is missing or invalid."""

    def __init__(
        self,
        *,
        address: str,
        token: str,
        algorithm: str,
        policy: RetryPolicy | None = None,
    ) -> None:
        missing = [
            name
            for name, value in (
                ("API_BASE_URL", address),
                ("FLIC_TOKEN", token),
                ("RESONANCE_ALGORITHM", algorithm),
            )
            if not value
        ]
        if missing:
            raise DatasetError(f"not configured: set {', '.join(missing)}")
        if urlsplit(address).scheme not in ("http", "https"):
            raise DatasetError(f"API_BASE_URL {address!r} is not a web address")
        policy = policy or RetryPolicy()
        self.address = address.rstrip("/")
        self._token, self._algorithm = token, algorithm
        self._pool = urllib3.PoolManager(
            timeout=Timeout(connect=policy.connect, read=policy.read),
            retries=Retry(
                total=policy.attempts,
                redirect=0,  # it would carry the token to another host
                status_forcelist=TRANSIENT,
                backoff_factor=policy.backoff,
                backoff_max=policy.longest_pause,
                backoff_jitter=policy.backoff,
                retry_after_max=MAX_RETRY_AFTER,
                raise_on_redirect=False,
                raise_on_status=False,
            ),
        )
        self._pause = policy.backoff

    def page(self, stream: Stream, number: int, size: int) -> list[Any]:
        """The rows of page `number`, from 1; none after the last page.

        Dropped connections, time-outs, 429 (after `Retry-After`) and 5xx are retried.
        Raises `DatasetError` if all attempts fail.
        """
        for attempt in range(MALFORMED_ATTEMPTS):
            if attempt:
                time.sleep(self._pause * 2**attempt)
            body = self._get(stream, number, size)
            try:
                return _rows(json.loads(body), stream)
            except ValueError as error:  # also of JSON and of its text
                reason = f"{stream.path} page {number}: {error}"
                logger.warning("%s", reason)
        raise DatasetError(reason)

    def _get(self, stream: Stream, number: int, size: int) -> bytes:
        fields = {"page": str(number), "page_size": str(size)}
        headers = {"Accept": "application/json"}
        if stream.needs_token:
            headers["Flic-Token"] = self._token
        else:
            fields["resonance_algorithm"] = self._algorithm
        where = f"{stream.path} page {number}"
        try:
            answer = self._pool.request(
                "GET", self.address + stream.path, fields=fields, headers=headers
            )
        except HTTPError as error:
            # The error's own text has the address with its parameters: secrets.
            cause = getattr(error, "reason", None) or error
            raise DatasetError(f"{where}: {type(cause).__name__}") from None
        if answer.status in (401, 403):
            secret = "FLIC_TOKEN" if stream.needs_token else "RESONANCE_ALGORITHM"
            raise DatasetError(f"{where}: {answer.status}: is {secret} right?")
        if answer.status in range(300, 400):
            raise DatasetError(f"{where}: moved elsewhere: change API_BASE_URL")
        if answer.status != 200:
            raise DatasetError(f"{where}: answered {answer.status}")
        return answer.data


def _rows(document: Any, stream: Stream) -> list[Any]:
    """The rows of an envelope; a single object counts as a list of one."""
    if not isinstance(document, dict):
        raise ValueError("the answer is not an object")
    if document.get("status") not in (None, "success", True):
        raise ValueError(f"status {str(document['status'])[:40]!r}")
    for key in stream.keys:
        if key in document:
            rows = document[key]
            if rows is None or rows == {}:
                return []
            return rows if isinstance(rows, list) else [rows]
    raise ValueError(f"the answer has no {' or '.join(stream.keys)}")
