"""A training that is killed goes on, and several processes train one run."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
import time
from io import StringIO

import pytest
from django.conf import settings as project
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from accounts.tests.factories import make_user
from recommender.ml.data import splits
from recommender.ml.models import registry
from recommender.ml.models.base import TrainingStep
from recommender.ml.train import warm
from recommender.models import ModelRun
from recommender.reports import figures
from recommender.tests.planted import plant
from recommender.training import lock, pipeline, progress, resume

CONFIG = {"epochs": 12, "patience": 12, "dim": 8, "batch_size": 128}
# What the command runs in: this test's database and folders.
PROGRAM = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import sys
sys.path.insert(0, {root!r})
from datetime import timedelta
from pathlib import Path
from django.conf import settings
settings.DATABASES["default"]["NAME"] = {database!r}
settings.ARTIFACTS_DIR = Path({artifacts!r})
settings.CHECKPOINTS_DIR = Path({checkpoints!r})
settings.CHECKPOINT_EVERY = timedelta(0)
settings.MODEL_CONFIGS = {{"graphsage": {config!r}}}
import django
django.setup()
from django.core.management import call_command
call_command("train_model", "--model", "graphsage", *sys.argv[1:])
"""


@pytest.fixture
def program(transactional_db, settings, tmp_path):
    """Starts `train_model` in a process, or some, of its own; a short training."""
    settings.MODEL_CONFIGS = {"graphsage": CONFIG}
    path = tmp_path / "train.py"

    def start(*launcher):
        path.write_text(
            PROGRAM.format(
                root=str(project.BASE_DIR),
                database=connection.settings_dict["NAME"],
                artifacts=str(settings.ARTIFACTS_DIR),
                checkpoints=str(settings.CHECKPOINTS_DIR),
                config=settings.MODEL_CONFIGS["graphsage"],
            )
        )
        command = [sys.executable, *launcher, str(path)]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    return start


def without_time_left(curves):
    return [{k: v for k, v in step.items() if k != "left"} for step in curves]


def status():
    out = StringIO()
    try:
        call_command("model_status", stdout=out)
    except CommandError as error:
        out.write(str(error))
    return out.getvalue()


@pytest.mark.slow
def test_a_killed_training_goes_on_with_its_data(program, settings, client):
    plant()
    with program() as process:
        deadline = time.monotonic() + 900
        while not (run := ModelRun.objects.first()) or len(run.curves) < 2:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGSTOP)
        run.refresh_from_db()
        before, far = run.curves, progress.describe(run)
        client.force_login(make_user(is_staff=True, is_superuser=True))
        address = f"/admin/recommender/modelrun/{run.pk}/change/"
        assert f"training; {far}" in client.get(address).content.decode()
        assert f"Training. {far}" in status()
        process.kill()
    assert f"Interrupted; train_model resumes it. {far}" in status()
    assert f"interrupted; {far}" in client.get(address).content.decode()

    plant(fans=2, videos=8)  # what came later is for the next run
    went_on = pipeline.train(model="graphsage")
    assert went_on == run
    assert ModelRun.objects.count() == 1
    assert went_on.state in (ModelRun.State.TRAINED, ModelRun.State.REFUSED)
    # What was done is told again to the second, not done again.
    assert without_time_left(went_on.curves[: len(before)]) == without_time_left(before)
    parts = {step["part"] for step in went_on.curves}
    assert parts == {"Evaluate", "Train on everything"}
    known = registry.load(settings.ARTIFACTS_DIR / run.run_id).item_ids
    assert len(known) == 40
    assert not list(settings.CHECKPOINTS_DIR.iterdir())


@pytest.mark.slow
def test_two_processes_train_a_run_and_one_writes(program, settings):
    plant()
    settings.MODEL_CONFIGS["graphsage"] = {**CONFIG, "epochs": 2}
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    with program(*launcher) as process:
        errors = process.communicate(timeout=900)[1]
    run = ModelRun.objects.get()
    assert run.state in (ModelRun.State.TRAINED, ModelRun.State.REFUSED), errors
    graph, config = pipeline.snapshot.take(), settings.MODEL_CONFIGS["graphsage"]
    found = run.metrics["found"]["graphsage"]
    with warm.kept():
        registry.fit("graphsage", splits.evaluation_split(graph).test.history, config)
        alone = registry.fit("graphsage", graph, {**config, **found})
    loaded = registry.load(settings.ARTIFACTS_DIR / run.run_id)
    last = [step for step in run.curves if step["part"] == "Train on everything"][-1]
    assert last["epoch"] == math.ceil(found["stop_after"] * warm.EPOCHS)
    assert loaded.vectors.shape == alone.vectors.shape
    cosines = (loaded.vectors[:, :8] * alone.vectors[:, :8]).sum(1)
    assert cosines.min() > 0.999


@pytest.mark.django_db
class TestResumable:
    @pytest.fixture
    def killed(self, settings):
        run = ModelRun.objects.create(run_id="r1", model="graphsage", config={"dim": 8})
        folder = settings.CHECKPOINTS_DIR / "r1"
        folder.mkdir(parents=True)
        (folder / "a.checkpoint").touch()
        return run

    def test_the_newest_run_of_the_model_with_the_same_settings(self, killed):
        assert resume.resumable("graphsage", {"dim": 8}) == killed
        assert resume.resumable("graphsage", {"dim": 9}) is None
        assert resume.resumable("blend", {"dim": 8}) is None
        ModelRun.objects.create(run_id="r2", model="graphsage", state="trained")
        assert resume.resumable("graphsage", {"dim": 8}) is None

    def test_not_without_checkpoints_nor_with_old_data(self, killed, settings):
        resume.delete_checkpoints(killed)
        assert resume.resumable("graphsage", {"dim": 8}) is None
        (settings.CHECKPOINTS_DIR / "r1").mkdir()
        (settings.CHECKPOINTS_DIR / "r1" / "a.checkpoint").touch()
        ModelRun.objects.update(created_at=timezone.now() - settings.RETRAIN_EVERY)
        assert resume.resumable("graphsage", {"dim": 8}) is None
        resume.delete_stale_checkpoints()
        assert not (settings.CHECKPOINTS_DIR / "r1").exists()

    def test_a_recent_one_is_not_cleared_away(self, killed, settings):
        plant(fans=6)
        pipeline.train(model="co_watch")
        killed.refresh_from_db()
        assert killed.state == ModelRun.State.FAILED
        assert resume.resumable("graphsage", {"dim": 8}) == killed

    def test_asked_for_again_it_begins_anew(self, settings):
        plant()
        killed = ModelRun.objects.create(run_id="r1", model="co_watch", config={})
        (settings.CHECKPOINTS_DIR / "r1").mkdir(parents=True)
        (settings.CHECKPOINTS_DIR / "r1" / "a.checkpoint").touch()
        assert pipeline.train(model="co_watch", again=True) != killed


class TestProgress:
    def steps(self):
        return [
            {"part": "Evaluate", "stage": stage, "epoch": n, "epochs": 4, "loss": 9 - n,
             "validation": found, "seconds": 1.5}
            for stage, n, found in (
                ("validate", 1, 0.1), ("validate", 2, 0.3), ("train", 1, None),
                ("train", 1, None),
            )
        ]  # fmt: skip

    def test_trainings_are_told_apart(self):
        run = ModelRun(curves=self.steps())
        found = progress.trainings(run)
        assert {title: len(steps) for title, steps in found.items()} == {
            "Evaluate: validate": 2,
            "Evaluate: train": 1,
            "Evaluate: train 2": 1,
        }
        loss, recall = figures.training_figures(found)
        assert [row["value"] for row in recall.spec["data"]["values"]] == [0.1, 0.3]
        assert len(loss.spec["data"]["values"]) == 4
        assert progress.final_epochs(run) == []

    def test_an_older_run_holds_the_last_part_alone(self):
        step = {"stage": "train", "epoch": 1, "loss": 1.0}
        assert progress.final_epochs(ModelRun(curves=[step])) == [step]

    def test_it_is_told_in_words(self):
        assert progress.describe(ModelRun(curves=self.steps()[:2])) == (
            "Evaluate: validate, epoch 2 of at most 4, loss 7.0000, recall@20 0.3000, "
            "1.5 s an epoch"
        )
        assert progress.describe(ModelRun()) == ""

    def test_epochs_are_written_while_it_trains(self, db, monkeypatch):
        run = ModelRun.objects.create(run_id="r1", model="graphsage", curves=["old"])
        record = progress.Recorder(run)
        monkeypatch.setattr(progress, "SAVE_EVERY", 0.0)
        record("Evaluate", TrainingStep("train", 1, 2, 0.5, None, 1.0))
        stored = ModelRun.objects.get()
        assert [step["loss"] for step in stored.curves] == [0.5]

    def test_a_run_in_training_is_seen_as_such(self, db):
        assert not lock.is_running()
        with lock.training_lock():
            assert lock.is_running()
        assert not lock.is_running()
