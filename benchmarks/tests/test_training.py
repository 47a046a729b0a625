"""How the benchmark of training measures, and its further day of watches."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from benchmarks.site.build import build
from benchmarks.site.draws import Size
from benchmarks.training import another_day, table
from benchmarks.training.stages import Stages
from benchmarks.training.watching import peak_memory
from interactions.models import Engagement, Watch
from interactions.services import aggregates
from videos.models import Video

SIZE = Size(videos=300, people=400, engagements=4000, follows=1500, seed=3)


def test_stages_are_timed_in_their_order():
    times = iter([0.0, 1.0, 3.0, 10.0, 11.0])
    stages = Stages(lambda: next(times))
    stages("Snapshot", None)
    stages("Fit: the first member", None)
    stages("Fit: the second member", None)
    stages("Snapshot", None)
    assert stages.seconds() == {"Snapshot": 2.0 + 1.0, "Fit": 7.0}
    assert stages.details == {"Fit": "the second member"}


def test_the_memory_of_children_counts():
    # The child holds 200 MB while its parent waits.
    child = "import time; held = b'x' * 200_000_000; time.sleep(0.5)"
    parent = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    )
    assert peak_memory([sys.executable, "-c", parent]) > 200e6


def test_a_failed_command_is_an_error():
    with pytest.raises(subprocess.CalledProcessError):
        peak_memory([sys.executable, "-c", "raise SystemExit(3)"])


def test_another_day_is_new_recent_and_consistent(db):
    build(SIZE, clips=1)
    began = timezone.now() - timedelta(minutes=2)
    before = Engagement.objects.count()
    added = another_day.add()
    new = Watch.objects.filter(timestamp__gt=began).count()
    assert 0 < added <= new < added + 10
    assert before < Engagement.objects.count() <= before + added
    counters = sorted(Video.objects.values_list("pk", "views"))
    aggregates.rebuild()
    assert sorted(Video.objects.values_list("pk", "views")) == counters


def test_the_table_has_a_column_for_each_training():
    figures = {
        "engagements": 700_000,
        "model": "als",
        "stages": {"Snapshot": 1.25},
        "details": {"Plan": "at most 2 min"},
        "total": 9.5,
        "peak": 800.0,
        "artifact": 12.0,
        "load": 0.1,
        "state": "trained",
        "gate": {"als": 0.2, "popularity": 0.1},
    }
    text = table.of_trainings(
        [figures | {"kind": "first"}, figures | {"kind": "nightly"}]
    )
    assert "| training | als, first | als, nightly |" in text
    assert "| Plan | at most 2 min | at most 2 min |" in text
    assert "| Snapshot, s | 1.2 | 1.2 |" in text
    assert "| index of its vectors, s |  |  |" in text
    assert "trained: als 0.2000, popularity 0.1000" in text


@pytest.mark.slow
def test_a_small_site_is_built_and_trained_twice(tmp_path):
    size = ("--videos=300", "--people=400", "--engagements=4000", "--follows=1500")
    command = [
        *(sys.executable, "-m", "benchmarks.training", f"--folder={tmp_path}", *size),
        *("--model=als", "--nightly", "--scale=1"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "| training | als, first | als, nightly |" in done.stdout
    assert "| Snapshot, s |" in done.stdout
