"""`manage.py runserver`, as developers use it."""

from __future__ import annotations

import json
import socket
import sys
from http.client import HTTPResponse
from pathlib import Path

import pytest
from django.core.management import call_command

from config.tests.servers import await_answer, environment_for, free_port, process

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_upload_of_unknown_length_is_refused_with_a_reason(tmp_path: Path) -> None:
    call_command("setup_platform", verbosity=0)
    port = free_port()
    command = [sys.executable, "manage.py", "runserver", "--noreload", str(port)]
    with process(command, environment_for(tmp_path)):
        await_answer(f"http://127.0.0.1:{port}/api/v1/categories/", pause=0.1)
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(
                b"POST /api/v1/videos/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            )
            response = HTTPResponse(client)
            response.begin()
            with response:
                assert response.status == 411
                assert "Content-Length" in json.load(response)["detail"]
