"""Sends events to the API until standard input ends; prints those acknowledged.

`main` runs on the installation in `VAR_DIR`, whose database may be killed meanwhile.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from threading import Event
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import close_old_connections
from django.test import Client
from django.utils import timezone

from videos.models import Video
from videos.tests.factories import make_video

THREADS = 4
PEOPLE = 40  # for each thread, so that none meets a limit
BATCH = 20  # events


def client_of(number: int) -> Client:
    client = Client(raise_request_exception=False, SERVER_NAME="localhost")
    client.force_login(get_user_model().objects.create(username=f"person{number}"))
    return client


def send(clients: list[Client], video: Video, stop: Event) -> None:
    for client in cycle(clients):
        if stop.is_set():
            return
        sent = [
            {
                "id": str(uuid4()),
                "type": "watch",
                "video_id": video.video_id,
                "session_id": str(uuid4()),
                "fraction": 0.9,
                "seconds": 9,
                "at": timezone.now().isoformat(),
            }
            for _ in range(BATCH)
        ]
        close_old_connections()  # as at the start of a request
        try:
            answer = client.post(
                "/api/v1/events/", {"events": sent}, content_type="application/json"
            )
        except Exception:  # the session could not be read
            continue
        if answer.status_code == 200:
            for result in answer.json()["results"]:
                if result["status"] == "recorded":
                    sys.stdout.write(f"{result['id']}\n")
            sys.stdout.flush()


def main() -> None:
    call_command("migrate", verbosity=0)
    call_command("setup_platform", stdout=sys.stderr)
    video = make_video()
    clients = [client_of(number) for number in range(THREADS * PEOPLE)]
    print("ready", flush=True)
    stop = Event()
    with ThreadPoolExecutor(THREADS) as pool:
        for first in range(THREADS):
            pool.submit(send, clients[first::THREADS], video, stop)
        sys.stdin.read()
        stop.set()
