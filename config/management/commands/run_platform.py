"""Prepare and serve the whole platform on this machine."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from accounts.models import User
from config.runtime.supervisor import Child, Supervisor
from recommender.graph.mirror.driver import configured


class Command(BaseCommand):
    help = "Prepare, train and serve the platform; Ctrl-C stops all of it."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--web-workers", type=int, default=2)
        parser.add_argument(
            "--no-demo",
            action="store_true",
            help="Leave the installation empty of demo content.",
        )

    def handle(
        self, *, host: str, port: int, web_workers: int, no_demo: bool, **options: Any
    ) -> None:
        if not 0 < port < 65536:
            raise CommandError(f"--port {port}: use 1 to 65535.", returncode=2)
        _require_free(host, port)
        # To be told to stop while preparing is to clean up first, as after Ctrl-C.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        # A first connection starts the embedded server, which then lives as long as
        # this process; the children attach to it.
        with self.stage("Database"):
            connection.ensure_connection()
            call_command("migrate", interactive=False, verbosity=0)
        logins = []
        with self.stage("Categories and first admin"):
            logins.append(call_command("setup_platform") or _administrator())
        if not no_demo:
            with self.stage("Demo content"):
                logins.append(call_command("seed_demo"))
        with self.stage("Recommender"):
            call_command("train_model", if_needed=True)
        connection.close()

        address = f"http://{host}:{port}/"
        supervisor = Supervisor(
            children=_children(host, port, web_workers),
            log_dir=settings.VAR_DIR / "log",
            say=lambda line: print(line, flush=True),
        )
        supervisor.run(ready=lambda: self.announce(address, filter(None, logins)))
        self.stdout.write("Stopped.")

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        self.stdout.write(self.style.MIGRATE_HEADING(title))
        started = time.monotonic()
        yield
        self.stdout.write(f"  done in {time.monotonic() - started:.1f} s")

    def announce(self, address: str, logins: Iterable[str]) -> bool:
        """Say where the site is once it answers; return whether it did."""
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        self.stdout.write(self.style.SUCCESS(f"\n{settings.SITE_NAME} is at {address}"))
        for line in logins:
            self.stdout.write(line)
        self.stdout.write("Ctrl-C stops it.")
        self.stdout.flush()
        return True


def _children(host: str, port: int, web_workers: int) -> list[Child]:
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    web = [
        *(sys.executable, "-m", "gunicorn", "config.wsgi:application"),
        *("--bind", f"{host}:{port}", "--workers", str(web_workers)),
        *("--worker-class", "gthread", "--threads", "8"),
        *("--chdir", str(settings.BASE_DIR), "--graceful-timeout", "5"),
        *("--access-logfile", "-", "--max-requests", "20000"),
    ]
    relay = [Child("relay", [*manage, "relay_graph"])] if configured() else []
    return [
        *relay,
        Child("worker", [*manage, "run_worker", "--exclude", "training"]),
        Child("trainer", [*manage, "run_worker", "--queue", "training"]),
        Child("web", web),
    ]


def _administrator() -> str:
    """How one logs in whose password was told at an earlier start."""
    name = User.objects.filter(is_superuser=True).values_list("username").first()
    return (
        f"  administrator: {name[0]}, password: as told at first "
        f"(another: manage.py changepassword {name[0]})"
        if name
        else ""
    )


def _require_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"{host}:{port} cannot be used ({os.strerror(error.errno or 0)}). "
                "Choose another port: make run PORT=8001",
                returncode=2,
            ) from None
