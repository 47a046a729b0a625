"""Training, the gate, activation, rollback and rebuilding, on a planted world."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from recommender.dataset import snapshot
from recommender.ml.models import registry
from recommender.models import Activation, ModelRun
from recommender.registry import activation
from recommender.registry.activation import MODELS
from recommender.tests.planted import plant
from recommender.training import lock, pipeline, prune
from recommender.training.errors import TrainingError
from recommender.training.evaluation import evaluate_runs
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db
QUICK = {"epochs": 3, "validation": 0.0, "negatives": 64, "dim": 16}


def run_command(name, *arguments, **options):
    out = StringIO()
    call_command(name, *arguments, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


@pytest.fixture
def world():
    return plant()


@pytest.fixture
def co_watch(world):
    """A model that trains in no time and beats popularity in this world."""
    return pipeline.train(model="co_watch")


def test_graphsage_trains_beats_popularity_and_serves(world):
    run = pipeline.train(model="graphsage", config=QUICK)
    assert run.state == ModelRun.State.TRAINED, run.note
    assert activation.active_run(MODELS) == run
    measured = run.metrics["models"]
    assert set(measured) == {"graphsage", "popularity", "als"}
    assert (
        measured["graphsage"]["recall@20"]["low"]
        > measured["popularity"]["recall@20"]["value"]
    )
    parts = [step["part"] for step in run.curves]
    # What the evaluation learned is the start of the last part: a third of the epochs.
    assert parts == ["Evaluate"] * 3 + ["Train on everything"]
    assert run.config["dim"] == QUICK["dim"]


def test_a_run_that_loses_to_popularity_is_refused(world, settings):
    run = pipeline.train(model="popularity")
    assert run.state == ModelRun.State.REFUSED
    assert "popularity" in run.note
    assert activation.active_run(MODELS) is None
    with pytest.raises(CommandError, match="was refused") as refused:
        run_command("activate_model", run.run_id)
    assert refused.value.returncode == 2
    run_command("activate_model", run.run_id, force=True)
    assert activation.active_run(MODELS) == run


def test_without_activation_a_run_waits(world):
    run = pipeline.train(model="co_watch", activate=False)
    assert activation.active_run(MODELS) is None
    run_command("activate_model", run.run_id)
    assert activation.active_run(MODELS) == run


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("the disk is full")])
def test_an_interrupted_training_leaves_nothing_but_a_failed_row(
    world, settings, monkeypatch, error
):
    def interrupt(*args, **kwargs):
        raise error

    monkeypatch.setattr(registry, "save", interrupt)
    with pytest.raises(type(error)):
        pipeline.train(model="co_watch")
    run = ModelRun.objects.get()
    assert run.state == ModelRun.State.FAILED
    assert run.note in ("Interrupted.", "the disk is full")
    assert not (settings.ARTIFACTS_DIR / run.run_id).exists()
    assert activation.active_run(MODELS) is None


def test_what_a_killed_training_left_is_cleared_away(world, settings):
    killed = ModelRun.objects.create(run_id="killed", model="co_watch")
    part = settings.ARTIFACTS_DIR / ".killed.x1"
    part.mkdir(parents=True)
    pipeline.train(model="co_watch")
    killed.refresh_from_db()
    assert killed.state == ModelRun.State.FAILED
    assert not part.exists()


def test_two_trainings_do_not_run_at_once(world):
    with connection.copy().cursor() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [lock.LOCK])
        with pytest.raises(TrainingError, match="Another training"):
            pipeline.train(model="co_watch")
        assert not ModelRun.objects.exists()
        other.execute("SELECT pg_advisory_unlock(%s)", [lock.LOCK])
        other.connection.close()
    assert pipeline.train(model="co_watch").state == ModelRun.State.TRAINED


def test_too_little_data_is_one_clear_line(db):
    make_video()
    with pytest.raises(CommandError, match="too little to learn from") as error:
        run_command("train_model")
    assert error.value.returncode == 2
    assert "too little" in run_command("train_model", if_needed=True)
    with pytest.raises(CommandError, match="no model nonesuch"):
        run_command("train_model", model="nonesuch")


class TestRollback:
    def test_each_goes_one_further_back(self, co_watch):
        second = pipeline.train(model="co_watch")
        third = pipeline.train(model="co_watch")
        assert activation.active_run(MODELS) == third
        for expected in (second, co_watch):
            run_command("rollback_model")
            assert activation.active_run(MODELS) == expected
        with pytest.raises(CommandError, match="no usable run") as error:
            run_command("rollback_model")
        assert error.value.returncode == 2

    def test_what_was_activated_after_a_rollback_is_left_again(self, co_watch):
        second = pipeline.train(model="co_watch")
        activation.rollback(MODELS)
        activation.activate(MODELS, run=second, reason="On second thoughts")
        activation.rollback(MODELS)
        assert activation.active_run(MODELS) == co_watch

    def test_it_passes_over_what_is_gone(self, co_watch, settings):
        second = pipeline.train(model="co_watch")
        pipeline.train(model="co_watch")
        (settings.ARTIFACTS_DIR / second.run_id / "manifest.json").unlink()
        activation.rollback(MODELS)
        assert activation.active_run(MODELS) == co_watch

    def test_nothing_active_is_said(self, db):
        with pytest.raises(CommandError, match="nothing to roll back"):
            run_command("rollback_model")


class TestRebuild:
    def test_new_videos_are_indexed_and_the_old_run_stays(self, co_watch, settings):
        video = make_video()
        run_command("rebuild_index")
        run = activation.active_run(MODELS)
        assert run is not None
        assert run != co_watch
        assert run.metrics == co_watch.metrics
        known = registry.load(settings.ARTIFACTS_DIR / run.run_id).item_ids
        assert video.pk in known
        activation.rollback(MODELS)
        assert activation.active_run(MODELS) == co_watch

    def test_it_needs_an_active_run(self, db):
        with pytest.raises(CommandError, match="No run is active"):
            run_command("rebuild_index")

    def test_a_corrupt_artifact_stops_it(self, co_watch, settings):
        folder = settings.ARTIFACTS_DIR / co_watch.run_id
        next(folder.glob("*.npy")).write_bytes(b"nonsense")
        with pytest.raises(CommandError, match="damaged"):
            run_command("rebuild_index")
        assert activation.active_run(MODELS) == co_watch


class TestStatus:
    def test_healthy(self, co_watch):
        make_video()
        text = run_command("model_status")
        assert co_watch.run_id in text
        assert "visible videos 41, 1 of them without a vector" in text

    @pytest.mark.parametrize("fault", ["none active", "missing", "corrupt"])
    def test_broken_exits_with_1(self, world, settings, fault):
        if fault != "none active":
            run = pipeline.train(model="co_watch")
            folder = settings.ARTIFACTS_DIR / run.run_id
            if fault == "missing":
                folder.rename(folder.with_name("elsewhere"))
            else:
                next(folder.glob("*.npy")).write_bytes(b"nonsense")
        with pytest.raises(CommandError) as error:
            run_command("model_status")
        assert error.value.returncode == 1


def test_artifacts_that_nothing_returns_to_are_pruned(world, settings, monkeypatch):
    monkeypatch.setattr(prune, "NEWEST", 1)
    runs = [pipeline.train(model="co_watch") for _ in range(4)]
    activation.rollback(MODELS)  # the third serves, a rollback would lead to the second
    assert prune.prune_models() == 1
    left = {path.name for path in settings.ARTIFACTS_DIR.iterdir()}
    assert left == {run.run_id for run in runs[1:]}


@pytest.mark.slow
def test_evaluate_model_writes_what_it_prints(world, tmp_path):
    path = tmp_path / "report.json"
    text = run_command("evaluate_model", path=path)
    report = json.loads(path.read_text())
    assert set(report["models"]) >= {"blend", "popularity", "als"}
    value = report["models"]["blend"]["recall@20"]
    assert value["low"] <= value["value"] <= value["high"]
    assert f"{value['value']:.4f}" in text
    assert not Activation.objects.exists()


@pytest.mark.parametrize("command", ["evaluate_model", "train_model"])
def test_a_report_needs_a_folder_that_exists(world, tmp_path, command):
    with pytest.raises(CommandError, match="no folder"):
        run_command(command, path=tmp_path / "nowhere" / "report.json")


def test_train_model_writes_the_report_of_a_refused_run_too(world, tmp_path):
    path = tmp_path / "report.json"
    with pytest.raises(CommandError, match="was refused"):
        run_command("train_model", "--model", "popularity", path=path)
    assert set(json.loads(path.read_text())["models"]) == {"popularity", "als"}


def test_evaluate_model_takes_the_models_named(world, tmp_path):
    path = tmp_path / "report.json"
    text = run_command("evaluate_model", "--model", "ease", "--model", "als", path=path)
    measured = json.loads(path.read_text())["models"]
    assert set(measured) == {"ease", "als", "popularity"}
    assert f"{measured['ease']['recall@20']['value']:.4f}" in text
    assert 0 < measured["ease"]["diversity@20"]["value"] <= 1


class TestEvaluateRun:
    def test_it_is_measured_on_what_came_after_it(self, co_watch, world):
        fan = world.fans[0][0]
        seen = set(fan.engagements.values_list("video", flat=True))
        later = next(video for video in world.videos[0] if video.pk not in seen)
        fan.engagements.create(
            video=later, fraction=0.9, viewed=True, score=0.5, last_at=timezone.now()
        )
        evaluation = evaluate_runs([co_watch.run_id], snapshot.take())
        report = evaluation.report
        assert set(report["models"]) == {co_watch.run_id, "popularity", "als"}
        assert (report["users"], report["targets"]) == (1, 1)
        assert report["models"][co_watch.run_id]["recall@20"]["value"] == 1
        text = run_command("evaluate_model", run=[co_watch.run_id])
        assert co_watch.run_id in text

    def test_nothing_came_after_it(self, co_watch):
        with pytest.raises(CommandError, match="has watched anything since") as error:
            run_command("evaluate_model", run=[co_watch.run_id])
        assert error.value.returncode == 2

    def test_there_is_no_such_run(self, world):
        with pytest.raises(CommandError, match="nonesuch"):
            run_command("evaluate_model", run=["nonesuch"])
