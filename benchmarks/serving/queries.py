"""The queries of a request, counted in this process with the platform's code."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from benchmarks.serving.wrk import Call

UNTIL_WARM = 2  # requests of each kind before those that count


def count(calls: Sequence[Call], most: int = 6) -> int:
    """The median over the first `most` calls, with warm caches."""
    client = Client()
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        for _ in range(UNTIL_WARM):
            _send(client, calls[0])
        numbers = []
        for call in calls[:most]:
            with CaptureQueriesContext(connection) as captured:
                _send(client, call)
            numbers.append(len(captured))
    return int(statistics.median(numbers))


def _send(client: Client, call: Call) -> None:
    headers = {**call.headers}
    content_type = headers.pop("Content-Type", "application/octet-stream")
    response = client.generic(
        call.method, call.path, call.body, content_type, headers=headers
    )
    b"".join(response) if response.streaming else response.content
