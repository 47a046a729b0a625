"""Every model by name: trained, judged, activated, and asked for feeds."""

from __future__ import annotations

import pytest

from recommender import feed
from recommender.ml.models.base import Model
from recommender.models import ModelRun
from recommender.registry import activation, serving
from recommender.registry.activation import MODELS
from recommender.tests.ml.models.test_every_model import QUICK
from recommender.tests.planted import plant
from recommender.training import pipeline

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", QUICK)
def test_it_trains_beats_popularity_and_feeds(name):
    world = plant()
    run = pipeline.train(model=name, config=QUICK[name])
    assert run.state == ModelRun.State.TRAINED, run.note
    assert activation.active_run(MODELS) == run
    assert name in run.metrics["models"]
    assert isinstance(serving.active_model(), Model)
    assert serving.active_model().name == name
    fan = world.fans[0][0]
    page = feed.home(fan)
    own = {video.pk for video in world.videos[0]}
    learned = [item for item in page.items if item.source == name]
    assert learned
    top = [item.video.pk in own for item in learned[:5]]
    assert sum(top) >= 3
    assert all(item.reason for item in learned)
    beside = feed.related(fan, world.videos[1][0])
    assert beside.items
