"""Interest clusters: a viewer with two interests gets videos of both."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import make_user
from interactions.tests.factories import watch
from recommender import feed
from recommender.registry import activation, serving
from recommender.registry.activation import MODELS
from recommender.retrieval import interests, queries
from recommender.retrieval.types import Request
from recommender.retrieval.viewer import Viewer
from recommender.tests.planted import plant
from recommender.training import pipeline

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings):
    settings.EXPLORE_UNIFORM = 0
    planted = plant()
    run = pipeline.train(model="als", activate=False)
    activation.activate(MODELS, run=run, reason="For its vectors", force=True)
    return planted


@pytest.fixture
def user(world):
    """Watched jazz for a week, and then nothing but chess."""
    user = make_user()
    now = timezone.now()
    week = [*world.videos[0][:6], *world.videos[1][:6]]
    for hours, video in enumerate(reversed(week)):
        watch(video, user=user, at=now - timedelta(hours=hours))
    return user


def kinds(world, keys):
    kind_of = {v.pk: kind for kind in (0, 1) for v in world.videos[kind]}
    return [kind_of[key] for key in keys]


def test_each_interest_is_found_explained_and_displayed(world, user):
    viewer, model = Viewer(user), serving.active_model()
    anchors = interests.representatives(viewer, model)
    assert anchors[0].video_id == world.videos[1][5].pk  # the newest
    assert set(kinds(world, [row.video_id for row in anchors])) == {0, 1}
    assert len(anchors) <= 6

    request = Request(viewer, viewer.unseen(), model, limit=20)
    found = queries.similar(request)
    reasons = found.evidence.tolist()
    assert set(reasons) <= {row.video_id for row in viewer.newest}
    own = kinds(world, found.keys.tolist())
    assert min(own.count(0), own.count(1)) >= 4
    agree = sum(a == b for a, b in zip(own, kinds(world, reasons), strict=True))
    assert agree >= 0.9 * len(found)

    first = kinds(world, [item.video.pk for item in feed.home(user).items[:12]])
    assert min(first.count(0), first.count(1)) >= 3


def test_a_narrow_taste_has_few_anchors(world):
    user = make_user()
    for video in world.videos[0][:8]:
        watch(video, user=user)
    anchors = interests.representatives(Viewer(user), serving.active_model())
    assert set(kinds(world, [row.video_id for row in anchors])) == {0}


def test_without_vectors_the_newest_watches_stand_for_them(world, user):
    run = pipeline.train(model="co_watch", activate=False)
    activation.activate(MODELS, run=run, reason="It has no vectors", force=True)
    anchors = interests.representatives(Viewer(user), serving.active_model())
    newest = [row.video_id for row in Viewer(user).newest[: interests.NEWEST]]
    assert [row.video_id for row in anchors] == newest
