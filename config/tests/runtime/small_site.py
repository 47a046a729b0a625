"""A WSGI application for tests of its server: a page, a file, and what was sent."""

from __future__ import annotations

import io
from typing import Any

FILE = bytes(range(256)) * 80_000  # 20 MB


def application(environ: dict[str, Any], start_response: Any) -> Any:
    if environ["PATH_INFO"] == "/file":
        start_response("200 OK", [("Content-Length", str(len(FILE)))])
        return environ["wsgi.file_wrapper"](io.BytesIO(FILE))
    if environ["PATH_INFO"] == "/client":
        text = f"{environ['REMOTE_ADDR']} {environ.get('HTTP_X_FORWARDED_FOR')}"
    else:
        text = f"{len(environ['wsgi.input'].read())} bytes"
    length = str(len(text))
    start_response("200 OK", [("Content-Length", length), ("ETag", '"1"')])
    return [text.encode()]
