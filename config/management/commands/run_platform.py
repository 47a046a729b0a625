"""Prepare and serve the whole platform on this machine."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from accounts.models import User
from config import static_files
from config.runtime import preparation
from config.runtime.first_run import DEMO, TRAINING, FirstRun
from config.runtime.progress_line import ProgressLine
from config.runtime.supervisor import Child, Supervisor
from demo.publish import waiting
from recommender.graph.mirror.driver import configured
from recommender.registry.activation import MODELS, active_run


class Command(BaseCommand):
    help = (
        "Prepare and serve the platform; Ctrl-C stops all of it. The first time, demo "
        "videos are made and a model is trained while the site is up."
    )

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
        # SIGTERM while preparing cleans up first, as Ctrl-C does.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        # A first connection starts the embedded server, which then lives as long as
        # this process; the children attach to it.
        with self.stage("Database"):
            connection.ensure_connection()
            call_command("migrate", interactive=False, verbosity=0)
        logins = []
        with self.stage("Static files"):
            static_files.collect()
        with self.stage("Categories and first admin"):
            logins.append(call_command("setup_platform") or _administrator())
        if not no_demo:
            with self.stage("Demo people and what they watched"):
                logins.append(self.seed_demo())
        steps = preparing(demo=not no_demo)
        last = steps[-1].name if steps else ""
        connection.close()

        terminal = ProgressLine(sys.stdout)
        supervisor = Supervisor(
            children=[*steps, *serving(host, port, web_workers, after=last)],
            log_dir=settings.VAR_DIR / "log",
            say=terminal.say,
        )
        first_run = FirstRun(
            supervisor,
            address=f"http://{host}:{port}/",
            logins=[login for login in logins if login],
            terminal=terminal,
        )
        try:
            supervisor.run(watch=first_run.watch)
        finally:
            preparation.write(None)
        terminal.say("Stopped.")

    def seed_demo(self) -> str:
        """Seed in a child, whose memory is freed; returns how to log in."""
        done = subprocess.run(
            _manage("seed_demo", "--no-clips"), stdout=subprocess.PIPE, text=True
        )
        if done.returncode:
            raise CommandError("The demo cannot be seeded.", returncode=2)
        self.stdout.write(done.stdout.rstrip())
        last = done.stdout.rstrip().rpartition("\n")[2]
        return last if last.startswith("  log in as ") else ""

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        self.stdout.write(self.style.MIGRATE_HEADING(title))
        started = time.monotonic()
        yield
        self.stdout.write(f"  done in {time.monotonic() - started:.1f} s")


def preparing(*, demo: bool) -> list[Child]:
    """Children that prepare what is missing, one after the other."""
    steps = []
    if demo and waiting().exists():
        steps.append(Child(DEMO, _manage("seed_demo"), once=True))
    if not has_healthy_model():
        after = DEMO if steps else ""
        train = _manage("train_model", "--if-needed")
        steps.append(Child(TRAINING, train, once=True, after=after))
    return steps


def has_healthy_model() -> bool:
    """Whether a healthy run is active. A child looks: to load a large run costs memory
    that the parent of all processes would keep."""
    if active_run(MODELS) is None:
        return False
    look = subprocess.run(_manage("model_status"), capture_output=True)
    return look.returncode == 0


def serving(host: str, port: int, web_workers: int, *, after: str) -> list[Child]:
    """Children that run until they are stopped; due trainings wait for `after`."""
    web = [
        *(sys.executable, "-m", "gunicorn", "config.wsgi:application"),
        *("--bind", f"{host}:{port}", "--workers", str(web_workers)),
        *("--worker-class", "config.runtime.web_worker.Worker", "--threads", "8"),
        *("--chdir", str(settings.BASE_DIR), "--graceful-timeout", "5"),
        *("--access-logfile", "-", "--max-requests", "20000"),
    ]
    relay = [Child("relay", _manage("relay_graph"))] if configured() else []
    return [
        *relay,
        Child("web", web),
        Child("worker", _manage("run_worker", "--exclude", "training")),
        Child("trainer", _manage("run_worker", "--queue", "training"), after=after),
    ]


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


def _administrator() -> str:
    """How the administrator of an earlier start logs in; empty where there is none."""
    name = User.objects.filter(is_superuser=True).values_list("username").first()
    return (
        f"  administrator: {name[0]}, password: as printed at the first start "
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
