"""Models that are computed once a day, from the snapshot of that day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from interactions.models import Engagement
from recommender import tasks
from recommender.dataset import snapshot
from recommender.ml.models import registry
from recommender.models import ModelRun
from recommender.registry import activation
from recommender.registry.activation import MODELS
from recommender.tests.planted import plant
from recommender.training import pipeline
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return plant()


@pytest.fixture
def computed(monkeypatch):
    """Names of the models that were fitted from now on."""
    names, fit = [], registry.fit

    def counting(name, *args, **kwargs):
        names.append(name)
        return fit(name, *args, **kwargs)

    monkeypatch.setattr(registry, "fit", counting)
    return names


def a_day_passes(run):
    """Let everything stored so far be of yesterday."""
    yesterday = timezone.now() - timedelta(days=1)
    ModelRun.objects.filter(pk=run.pk).update(created_at=yesterday)


def test_a_second_run_on_the_same_day_computes_nothing(world, computed, monkeypatch):
    first = pipeline.train(model="hybrid")
    assert first.state == ModelRun.State.TRAINED, first.note
    assert activation.active_run(MODELS) == first
    assert computed.count("hybrid") == 2  # to be judged, and on everything
    computed.clear()
    monkeypatch.setattr(snapshot, "take", lambda: pytest.fail("a snapshot was taken"))
    assert pipeline.train(model="hybrid") == first
    tasks.compute_daily_models.call()
    assert computed == []
    assert ModelRun.objects.count() == 1


def test_the_next_day_it_is_computed_again(world, computed):
    first = pipeline.train(model="hybrid")
    a_day_passes(first)
    computed.clear()
    tasks.compute_daily_models.call()
    assert "hybrid" in computed
    assert activation.active_run(MODELS) != first
    assert activation.active_run(MODELS).model == "hybrid"


def test_the_job_serves_only_what_serves_already(world):
    active = pipeline.train(model="co_watch")
    tasks.compute_daily_models.call()
    assert ModelRun.objects.filter(model="hybrid", state="trained").exists()
    assert activation.active_run(MODELS) == active


def test_the_day_has_one_snapshot(world, settings):
    morning = snapshot.take_once_a_day()
    make_video()
    evening = snapshot.take_once_a_day()
    assert evening.content_hash() == morning.content_hash()
    assert evening.taken_at == morning.taken_at
    assert snapshot.take().n_items == morning.n_items + 1
    (today,) = settings.SNAPSHOTS_DIR.iterdir()
    earlier = today.with_name("2020-01-01")
    today.rename(earlier)
    snapshot.delete_earlier_days()
    assert not earlier.exists()
    assert snapshot.take_once_a_day().n_items == morning.n_items + 1
    snapshot.delete_earlier_days()
    assert today.exists()


def test_asked_again_it_learns_from_what_there_is_now(world, computed):
    first = pipeline.train(model="hybrid")
    Engagement.objects.filter(user=world.fans[0][0]).delete()
    second = pipeline.train(model="hybrid", again=True)
    assert second != first
    assert second.data_hash != first.data_hash


def test_another_setting_is_another_run(world, settings):
    first = pipeline.train(model="hybrid")
    settings.MODEL_CONFIGS = {"hybrid": {"weight": 0.25}}
    second = pipeline.train(model="hybrid")
    assert second != first
    assert second.config["weight"] == 0.25
    assert second.data_hash == first.data_hash


def test_what_is_computed_every_day_delays_no_training(world):
    pipeline.train(model="hybrid")
    assert pipeline.is_due()
    pipeline.train(model="co_watch")
    assert not pipeline.is_due()
