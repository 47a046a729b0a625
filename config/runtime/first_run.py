"""The first minutes of `make run`: when the site is announced, and what is prepared."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Sequence

from django.conf import settings
from django.db import Error, connection

from config.runtime import preparation
from config.runtime.preparation import Preparation
from config.runtime.progress_line import ProgressLine
from config.runtime.supervisor import Supervisor
from demo.catalogue import CATEGORIES
from demo.publish import published
from recommender.models import ModelRun
from recommender.training.progress import WHOLE

DEMO, TRAINING = "demo", "training"  # children of the supervisor
FIRST_VIDEOS = len(CATEGORIES)  # playable before the site is announced: one of each
LOOK_EVERY = 1.0  # seconds


class FirstRun:
    """Watches the children of `supervisor`, for the terminal and for the banner."""

    def __init__(
        self,
        supervisor: Supervisor,
        *,
        address: str,
        logins: Sequence[str],
        terminal: ProgressLine,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._supervisor, self._terminal = supervisor, terminal
        self._address, self._logins = address, logins
        self._look_every = look_every
        self._announced = False
        self._shown = self._prepared = False
        self._next_look = 0.0

    def watch(self) -> None:
        """Look, unless the last look was less than `look_every` seconds ago."""
        if time.monotonic() < self._next_look:
            return
        if not self._prepared:
            self._show_progress()
        if not self._announced:
            self._announced = self._has_videos() and self._announce()
        self._next_look = time.monotonic() + self._look_every

    def _show_progress(self) -> None:
        if self._supervisor.has_ended(DEMO) and self._supervisor.has_ended(TRAINING):
            self._prepared = True
            preparation.write(None)
            if self._shown:
                self._terminal.say("All is prepared.")
            return
        try:
            now = self._progress()
        except Error:  # the next look may find the database again
            connection.close()
            return
        preparation.write(now)
        self._terminal.show(now)
        self._shown = True

    def _progress(self) -> Preparation:
        if not self._supervisor.has_ended(DEMO):
            return demo_progress()
        return training_progress()

    def _has_videos(self) -> bool:
        if self._supervisor.has_ended(DEMO):
            return True
        now = published()
        return now.playable >= min(FIRST_VIDEOS, now.total)

    def _announce(self) -> bool:
        """Print where the site is, once it answers; return whether it did."""
        try:
            urllib.request.urlopen(self._address, timeout=5).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        lines = (
            f"\n{settings.SITE_NAME} is at {self._address}",
            *self._logins,
            "Ctrl-C stops it.",
        )
        for line in lines:
            self._terminal.say(line)
        return True


def demo_progress() -> Preparation:
    now = published()
    return Preparation(
        stage=DEMO,
        title="Making demo videos",
        detail=f"{now.playable} of {now.total}",
        done=now.playable,
        total=now.total,
    )


def training_progress() -> Preparation:
    run = ModelRun.objects.filter(state=ModelRun.State.TRAINING).first()
    title = "Training recommendations"
    if run is None or not run.curves:
        return Preparation(stage=TRAINING, title=title)
    step = run.curves[-1]
    model = "final model" if step.get("part") == WHOLE else "evaluation"
    return Preparation(
        stage=TRAINING,
        title=title,
        detail=f"{model}, epoch {step['epoch']} of {step['epochs']}",
        done=step["epoch"],
        total=step["epochs"],
    )
