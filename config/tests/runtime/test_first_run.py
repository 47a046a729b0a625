"""When the site is announced, and what is shown as being prepared."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from config.runtime import preparation
from config.runtime.first_run import DEMO, FIRST_VIDEOS, TRAINING, FirstRun
from config.runtime.progress_line import ProgressLine
from config.runtime.supervisor import Child, Supervisor
from demo.people import SOURCE
from recommender.models import ModelRun
from videos.models import Video
from videos.tests.factories import make_video

NOBODY = "http://127.0.0.1:9/"


@pytest.fixture
def steps(tmp_path: Path) -> Supervisor:
    children = [
        Child(DEMO, [], once=True),
        Child(TRAINING, [], once=True, after=DEMO),
    ]
    return Supervisor(children, tmp_path, print)


def first_run(steps: Supervisor, address: str) -> tuple[FirstRun, io.StringIO]:
    out = io.StringIO()
    terminal = ProgressLine(out)
    return (
        FirstRun(
            steps, address=address, logins=["log in"], terminal=terminal, look_every=0
        ),
        out,
    )


def demo_videos(count: int) -> None:
    for number in range(count):
        make_video(
            source=SOURCE, external_id=f"video-{number}", state=Video.State.PROCESSING
        )


def play(count: int) -> None:
    keys = Video.objects.values("pk")[:count]
    Video.objects.filter(pk__in=keys).update(state=Video.State.READY)


@pytest.mark.django_db(transaction=True)
def test_the_site_is_announced_once_its_first_videos_can_be_played(steps, live_server):
    run, out = first_run(steps, live_server.url)
    demo_videos(FIRST_VIDEOS + 4)
    play(FIRST_VIDEOS - 1)
    run.watch()
    assert live_server.url not in out.getvalue()
    assert str(preparation.current()) == (
        f"Making demo videos: {FIRST_VIDEOS - 1} of {FIRST_VIDEOS + 4}"
    )
    play(FIRST_VIDEOS)
    run.watch()
    run.watch()
    assert out.getvalue().count(f" is at {live_server.url}") == 1
    assert "log in\nCtrl-C stops it.\n" in out.getvalue()


@pytest.mark.django_db
def test_stages_follow_each_other_and_end(steps):
    run, out = first_run(steps, NOBODY)
    demo_videos(2)
    run.watch()
    play(2)
    steps.children[0].ended = True
    run.watch()
    assert str(preparation.current()) == "Training recommendations"
    ModelRun.objects.create(
        run_id="r",
        model="blend",
        curves=[{"part": "Evaluate", "stage": "graphsage", "epoch": 3, "epochs": 12}],
    )
    run.watch()
    assert str(preparation.current()) == (
        "Training recommendations: evaluation, epoch 3 of 12"
    )
    steps.children[1].ended = True
    run.watch()
    assert preparation.current() is None
    run.watch()
    assert out.getvalue().splitlines()[-1] == "All is prepared."


@pytest.mark.django_db
def test_nothing_is_shown_where_nothing_is_left_to_prepare(tmp_path: Path):
    run, out = first_run(Supervisor([], tmp_path, print), NOBODY)
    run.watch()
    assert preparation.current() is None
    assert not out.getvalue()
