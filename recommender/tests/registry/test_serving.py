"""What a web process serves: the active run, swapped in place, or none."""

from __future__ import annotations

import logging
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.services import record_watch
from recommender import feed
from recommender.ranking import exploration
from recommender.registry import activation, serving
from recommender.registry.activation import MODELS
from recommender.retrieval.viewer import Viewer
from recommender.tests.planted import plant
from recommender.tests.training.test_pipeline import QUICK
from recommender.training import pipeline
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_new_process(monkeypatch):
    """Every request looks for the active run."""
    monkeypatch.setattr(serving, "CHECK_EVERY", 0.0)


@pytest.fixture
def world():
    return plant()


def see(user, video):
    record_watch(
        user=user,
        video=video,
        session_id=uuid4(),
        fraction=0.9,
        seconds=54.0,
        at=timezone.now(),
    )


def served_run():
    return serving.active_model().run


def test_a_running_process_follows_activation_and_rollback(world):
    assert serving.active_model() is None
    first = pipeline.train(model="co_watch")
    assert served_run() == first.run_id
    second = pipeline.train(model="co_watch")
    assert served_run() == second.run_id
    activation.rollback(MODELS)
    assert served_run() == first.run_id


def test_the_pointer_is_looked_at_once_in_a_while(
    world, monkeypatch, django_assert_num_queries
):
    pipeline.train(model="co_watch")
    model = serving.active_model()
    monkeypatch.setattr(serving, "CHECK_EVERY", 60.0)
    with django_assert_num_queries(0):
        assert serving.active_model() is model


@pytest.mark.parametrize("fault", ["missing", "corrupt", "truncated"])
def test_an_unreadable_run_leaves_the_site_serving(
    world, settings, client, caplog, fault
):
    run = pipeline.train(model="co_watch")
    folder = settings.ARTIFACTS_DIR / run.run_id
    array = next(folder.glob("*.npy"))
    if fault == "missing":
        folder.rename(folder.with_name("elsewhere"))
    elif fault == "corrupt":
        array.write_bytes(b"nonsense")
    else:
        array.write_bytes(array.read_bytes()[:-8])
    with caplog.at_level(logging.ERROR, "recommender.registry.serving"):
        for _ in range(3):
            page = feed.home(world.fans[0][0])
            assert page.items
            assert {item.source for item in page.items} <= {
                "category",
                "fresh",
                "popular",
                *exploration.SOURCES,
                "catalogue",
            }
    assert len(caplog.records) == 1


def test_a_run_that_comes_back_is_read_again(world, settings, monkeypatch):
    run = pipeline.train(model="co_watch")
    folder = settings.ARTIFACTS_DIR / run.run_id
    away = folder.rename(folder.with_name("elsewhere"))
    assert serving.active_model() is None
    away.rename(folder)
    monkeypatch.setattr(serving, "RETRY_EVERY", 0.0)
    assert served_run() == run.run_id


class TestGraphSage:
    @pytest.fixture
    def model(self, world, trained_runs):
        trained_runs.activate("graphsage", QUICK)
        return serving.active_model()

    def community(self, world, page, first=12):
        """How many of the first videos are of each kind."""
        kinds = {v: kind for kind in (0, 1) for v in world.videos[kind]}
        ranked = [i for i in page.items[:first] if i.source not in exploration.SOURCES]
        shown = [kinds[item.video] for item in ranked]
        return shown.count(0), shown.count(1)

    def test_one_watch_changes_the_next_feed(self, world, model):
        user = make_user()
        for kind in (0, 1):
            see(user, world.videos[kind][0])
            ours, theirs = self.community(world, feed.home(user))[:: 1 - 2 * kind]
            assert ours > 2 * theirs
            user = make_user()

    def test_reasons_name_a_watch_that_matters(self, world, model):
        user = make_user()
        seen = world.videos[0][0]
        see(user, seen)
        page = feed.home(user)
        reasons = {i.reason for i in page.items if i.source in ("graphsage", "similar")}
        assert f"Because you watched “{seen.title}”" in reasons

    def test_reasons_speak_of_what_a_video_is_about(self, world, model):
        user = make_user()
        chess = world.categories[1].parent_category
        user.parent_category_interests.add(chess)
        seen = world.videos[0][0]
        see(user, seen)
        page = feed.home(user)
        named = 0
        for item in page.items:
            parents = set(item.video.parent_categories.all())
            if seen.title in item.reason:
                assert seen.parent_categories.get() in parents
                named += 1
            if f"you picked {chess.name}" in item.reason:
                assert chess in parents
                named += 1
        assert named > 3

    def test_the_title_of_a_video_made_private_is_not_named(self, world, model):
        user = make_user()
        seen = world.videos[0][0]
        see(user, seen)
        seen.visibility = "private"
        seen.save()
        reasons = " ".join(item.reason for item in feed.home(user).items)
        assert seen.title not in reasons
        assert "Like a video that you watched" in reasons

    def test_a_new_video_is_placed_at_once(self, world, model):
        video = make_video(
            categories=[world.categories[0]],
            creator=world.videos[0][0].creator,
            title="Jazz number 99",
        )
        user = make_user()
        see(user, world.videos[0][0])
        feed.home(user)
        renewed = serving.active_model()
        assert renewed is not None
        assert video.pk in renewed.item_ids
        jazz, chess = renewed.score_items(
            Viewer(user).history, [video.pk, world.videos[1][0].pk]
        ).tolist()
        assert jazz > chess

    def test_related_holds_the_neighbours_whatever_else_one_watches(self, world, model):
        beside = world.videos[1][3]
        for user in (AnonymousUser(), world.fans[0][0]):
            page = feed.related(user, beside)
            ours, theirs = self.community(world, page)[::-1]
            assert ours > 2 * theirs
            assert page.items[0].source in ("similar", "same_category")

    def test_home_with_a_model_still_keeps_its_promises(self, world, model):
        user = world.fans[0][0]
        seen = set(user.engagements.values_list("video", flat=True))
        dismissed = next(v for v in world.videos[0] if v.pk not in seen)
        interactions.not_interested(user=user, video=dismissed)
        hidden = next(v for v in world.videos[0] if v.pk not in seen and v != dismissed)
        hidden.visibility = "unlisted"
        hidden.save()
        keys, cursor = [], ""
        while True:
            page = feed.home(user, cursor=cursor, size=6)
            keys += [item.video.pk for item in page.items]
            cursor = page.next_cursor
            if not cursor:
                break
        assert len(keys) == len(set(keys)) == 40 - len(seen) - 2
        assert not {*seen, dismissed.pk, hidden.pk} & set(keys)
