"""Which processes `make run` runs, and in which order."""

from __future__ import annotations

import pytest

from config.management.commands.run_platform import preparing, serving
from demo.people import SOURCE
from videos.models import Video
from videos.tests.factories import make_video

WEB = "127.0.0.1", 8000, 1


def test_the_relay_runs_where_there_is_a_neo4j(settings):
    servers = {child.name: child for child in serving(*WEB, after="")}
    assert set(servers) == {"web", "worker", "trainer"}
    settings.NEO4J_URI = "bolt://127.0.0.1:7687"
    relay = {child.name for child in serving(*WEB, after="")} - set(servers)
    assert relay == {"relay"}


def test_due_trainings_wait_for_the_first():
    after = {child.name: child.after for child in serving(*WEB, after="training")}
    assert after == {"web": "", "worker": "", "trainer": "training"}


@pytest.mark.django_db
def test_only_what_is_missing_is_prepared():
    [training] = preparing(demo=True)
    assert (training.name, training.once, training.after) == ("training", True, "")
    make_video(source=SOURCE, state=Video.State.PROCESSING, external_id="video-0")
    clips, training = preparing(demo=True)
    assert (clips.name, clips.once, clips.after) == ("demo", True, "")
    assert training.after == "demo"
    assert [child.name for child in preparing(demo=False)] == ["training"]
