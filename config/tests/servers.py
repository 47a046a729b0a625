"""Servers that tests run as processes of their own, on the database of the test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


def environment_for(folder: Path, **more: str) -> dict[str, str]:
    """What lets other processes use the database of this test."""
    connection.ensure_connection()
    database = connection.settings_dict
    return os.environ | {
        "DB_NAME": str(database["NAME"]),
        "DB_USER": str(database["USER"]),
        "DB_PASSWORD": str(database["PASSWORD"]),
        "DB_HOST": str(database["HOST"]),
        "DB_PORT": str(database["PORT"]),
        "SECRET_KEY": "two processes share it",
        "VAR_DIR": str(folder),
        **more,
    }


@contextmanager
def process(
    command: list[str], environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen(
        command, env=environment, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL
    )
    try:
        yield running
        assert running.poll() is None, command
    finally:
        running.terminate()
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:  # it was still starting
            running.kill()
            running.wait()


def await_answer(url: str, *, pause: float = 0.5) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(url, timeout=60):
                return
        except OSError:
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(pause)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def nginx_command(folder: Path, port: int, *web_ports: int) -> list[str]:
    """Runs nginx with `deploy/nginx.conf`, on other ports and folders."""
    temporary = "".join(
        f"  {kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = (settings.BASE_DIR / "deploy" / "nginx.conf").read_text()
    for written, here in {
        "listen 8080;": f"listen 127.0.0.1:{port};",
        "server web:8000;": " ".join(f"server 127.0.0.1:{p};" for p in web_ports),
        "/data/media/": f"{folder}/media/",
        "http {": "http {\n" + temporary,
    }.items():
        assert text.count(written) == 1, written
        text = text.replace(written, here)
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\n"
        + ("user root;\n" if os.geteuid() == 0 else "")
        + text
    )
    return [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")]
