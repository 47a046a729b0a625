"""What the version before left behind is taken up; see old_version/README.md."""

from __future__ import annotations

import gzip
import json
import tarfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks import TaskResultStatus
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from config.runtime.worker import RetryingWorker
from imports.tests.socialverse_server import ALGORITHM, TOKEN, serving
from imports.tests.socialverse_world import World
from interactions.models import ImportRun
from recommender import feed
from recommender.ml.data.history import Trail, UserHistory
from recommender.ml.models import registry
from recommender.models import FeedSession, ModelRun, ViewCounts
from recommender.ranking.ranker import RANKERS, active_ranker
from recommender.registry.activation import MODELS, active_run, rollback
from recommender.registry.serving import active_model
from recommender.training import pipeline

FOLDER = Path(__file__).parent / "old_version"
ABOUT = json.loads((FOLDER / "about.json").read_text())


@pytest.fixture(scope="module")
def migrated(django_db_setup, django_db_blocker):
    """The name of a database made from the dump and migrated by this version."""
    usual = connection.settings_dict["NAME"]
    name = f"{usual}_old"
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}"')
        _switch_to(name)
        with connection.cursor() as cursor:
            cursor.execute(gzip.decompress((FOLDER / "database.sql.gz").read_bytes()))
        connection.close()  # the dump leaves it without a search path
        call_command("migrate", verbosity=0)
        _switch_to(usual)
    yield name
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}"')


def _switch_to(name):
    connection.close()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()


@pytest.fixture
def old(migrated, django_db_blocker, settings, tmp_path):
    """The migrated database, a copy for each test, and the old files."""
    usual, copy = connection.settings_dict["NAME"], f"{migrated}_copy"
    with tarfile.open(FOLDER / "files.tar.xz") as files:
        files.extractall(tmp_path, filter="data")
    settings.SECRET_KEY = ABOUT["secret_key"]
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{migrated}"')
        _switch_to(copy)
        yield
        _switch_to(usual)
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{copy}"')


def test_the_rows_are_there_and_the_same_runs_are_active(old):
    call_command("migrate", check=True, verbosity=0)
    assert active_run(MODELS).run_id == ABOUT["active"]
    assert active_run(RANKERS).run_id == ABOUT["ranker"]
    assert User.objects.get(username=ABOUT["user"]).engagements.count() == 5
    assert not ViewCounts.objects.exists()
    assert rollback(MODELS).run.model == "blend"
    assert rollback(RANKERS).run is None


@pytest.mark.parametrize("run_id", ABOUT["recommended"])
def test_an_artifact_recommends_what_it_did(old, settings, run_id):
    model = registry.load(settings.ARTIFACTS_DIR / run_id)
    expected = ABOUT["recommended"][run_id]
    state = UserHistory(watched=Trail.from_ids(expected["watched"]), user_id=0)
    hits = model.recommend(state, k=5)
    assert hits.ids.tolist() == expected["ids"]
    np.testing.assert_allclose(hits.scores, expected["scores"], rtol=1e-5)


def test_the_active_model_and_ranker_serve(old):
    assert active_model().run == ABOUT["active"]
    assert active_ranker().run_id == ABOUT["ranker"]
    page = feed.home(User.objects.get(username=ABOUT["user"]))
    assert "graphsage" in {item.source for item in page.items}


def test_a_feed_continues_at_its_cursor(old):
    FeedSession.objects.update(created_at=timezone.now())
    user = User.objects.get(username=ABOUT["user"])
    page = feed.home(user, cursor=ABOUT["cursor"], size=4)
    assert not page.restarted
    assert page.feed_id.hex == ABOUT["feed_id"]
    assert [item.video.pk for item in page.items] == ABOUT["planned"][4:8]
    assert [item.position for item in page.items] == [5, 6, 7, 8]


def test_queued_tasks_are_found(old):
    rows = DBTaskResult.objects.filter(status=TaskResultStatus.READY)
    assert rows.count() == len(ABOUT["tasks"])
    for path in rows.values_list("task_path", flat=True):
        assert isinstance(import_string(path), Task)


def test_a_queued_import_runs_under_its_old_name(old, settings):
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}
    }
    settings.FLIC_TOKEN, settings.RESONANCE_ALGORITHM = TOKEN, ALGORITHM
    row = DBTaskResult.objects.get(task_path__endswith=".refresh_socialverse")
    DBTaskResult.objects.exclude(pk=row.pk).delete()
    with serving(World(n_posts=5, n_users=5, n_interactions=20)) as server:
        settings.API_BASE_URL = server.address
        RetryingWorker(
            queue_names=["*"],
            excluded_queue_names=[],
            interval=0,
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id="me",
        ).run()
    row.refresh_from_db()
    assert row.status == TaskResultStatus.SUCCESSFUL, row.traceback
    assert ImportRun.objects.get().finished_at is not None


@pytest.mark.slow
def test_an_interrupted_training_resumes_at_its_checkpoint(old, settings):
    settings.MODEL_CONFIGS = {"graphsage": ABOUT["config"]}
    interrupted = ModelRun.objects.get(run_id=ABOUT["interrupted"])
    before = interrupted.curves
    assert len(before) == ABOUT["epochs"]
    ModelRun.objects.filter(pk=interrupted.pk).update(
        created_at=timezone.now() - timedelta(minutes=1)
    )
    run = pipeline.train(model="graphsage", activate=False)
    assert run == interrupted
    # Epochs from the checkpoint have the seconds that they took then.
    resumed = run.curves[: len(before)]
    assert [step | {"left": None} for step in resumed] == [
        step | {"left": None} for step in before
    ]
    assert run.state in ModelRun.FINISHED
