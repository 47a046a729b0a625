"""The learned ranker: adopted where it is better, refused where not, and undone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser, Permission
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.tests.factories import make_user
from recommender import feed, tasks
from recommender.models import FeatureLog, RankerActivation, RankerRun
from recommender.ranking.ranker import RANKERS, active_ranker
from recommender.registry import activation, serving
from recommender.registry.activation import ActivationRefused
from recommender.tests.impressions import (
    agreement,
    brevity,
    indifference,
    make_world,
    show,
)
from recommender.training import prune, ranker
from recommender.training.errors import TrainingError

pytestmark = pytest.mark.django_db
RUNS = "/admin/recommender/rankerrun/"


@pytest.fixture(autouse=True)
def _at_once(settings, monkeypatch):
    """Every request looks at the pointer; a few hundred lists are enough."""
    monkeypatch.setattr(serving, "CHECK_EVERY", 0.0)
    settings.RANKER_MIN_IMPRESSIONS = 2000
    settings.EXPLORE_UNIFORM = 0


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def adopted(world):
    show(world, brevity, lists=250)
    return ranker.train()


def first_durations(user, count=8):
    return [item.video.duration for item in feed.home(user).items[:count]]


def test_a_world_with_a_preference_is_learned_and_serves(world, adopted):
    assert adopted.state == RankerRun.State.TRAINED, adopted.note
    assert activation.active_run(RANKERS) == adopted
    gain = adopted.metrics["difference"]
    assert 0.05 < gain["low"] < gain["value"] < gain["high"]
    assert max(adopted.metrics["gain"], key=adopted.metrics["gain"].get) == "duration"
    newcomer = make_user()
    assert first_durations(newcomer) == [60.0] * 8
    log = FeatureLog.objects.latest("pk")
    assert (log.user, log.ranker) == (newcomer, adopted.run_id)
    # Of visitors nothing is learned, so nothing is ranked by what was.
    assert set(first_durations(AnonymousUser(), 24)) == {60.0, 600.0}
    assert FeatureLog.objects.latest("pk").ranker == ""


def test_a_world_of_noise_teaches_nothing_and_fusion_goes_on(world):
    show(world, indifference, lists=250)
    run = ranker.train()
    assert run.state == RankerRun.State.REFUSED
    assert "does not beat fusion" in run.note
    assert run.metrics["difference"]["low"] <= 0
    assert active_ranker() is None
    feed.home(make_user())
    assert FeatureLog.objects.latest("pk").ranker == ""
    with pytest.raises(ActivationRefused, match="force"):
        activation.activate(RANKERS, run=run, reason="By hand")


def test_too_few_impressions_are_said_and_leave_no_run(world):
    show(world, brevity, lists=20)
    with pytest.raises(TrainingError, match=r"200 impressions .* needs 2000"):
        ranker.train()
    assert not RankerRun.objects.exists()
    tasks.train_ranker.func()  # no error: tomorrow there are more


def test_without_anything_watched_the_run_fails_with_its_reason(world, settings):
    settings.RANKER_MIN_IMPRESSIONS = 100
    show(world, lambda rows, generator: 0 * rows[:, 0], lists=20)
    with pytest.raises(TrainingError, match="Nothing can be learned"):
        ranker.train()
    assert RankerRun.objects.get().state == RankerRun.State.FAILED
    assert not list(settings.RANKERS_DIR.glob("*"))


def test_what_has_become_worse_than_fusion_is_withdrawn(world, adopted):
    late = timezone.now() - timedelta(days=1, hours=2)
    show(world, agreement, lists=60, until=late, seed=1)
    run = ranker.train()
    assert run.state == RankerRun.State.REFUSED
    newest = RankerActivation.objects.latest()
    assert newest.run is None
    assert "Worse than fusion" in newest.reason
    assert active_ranker() is None
    # A rollback takes the withdrawal back.
    assert activation.rollback(RANKERS).run == adopted


def test_rollbacks_lead_back_to_fusion(world, adopted):
    second = ranker.train()
    assert activation.active_run(RANKERS) == second
    assert activation.rollback_target(RANKERS).run == adopted
    activation.rollback(RANKERS)
    assert active_ranker().run_id == adopted.run_id
    activation.rollback(RANKERS)
    assert active_ranker() is None
    assert activation.rollback_target(RANKERS) is None
    with pytest.raises(ActivationRefused, match="nothing to roll back"):
        activation.rollback(RANKERS)


def test_a_run_that_cannot_be_read_leaves_the_feeds_serving(
    world, adopted, settings, caplog
):
    settings.RANKERS_DIR = settings.RANKERS_DIR.rename(
        settings.RANKERS_DIR.with_name("another process reads these")
    )
    (settings.RANKERS_DIR / adopted.run_id / "model.txt").write_text("nonsense")
    for _ in range(3):
        assert feed.home(make_user()).items
    assert [r.levelname for r in caplog.records if "fused" in r.message] == ["ERROR"]
    with pytest.raises(ActivationRefused, match="cannot serve"):
        activation.activate(RANKERS, run=adopted, reason="By hand")


def test_old_artifacts_go_and_those_in_use_stay(world, adopted, settings, monkeypatch):
    monkeypatch.setattr(prune, "NEWEST", 1)
    runs = [adopted, *(ranker.train(activate=False) for _ in range(2))]
    assert prune.prune_rankers() == 1
    left = {folder.name for folder in settings.RANKERS_DIR.iterdir()}
    assert left == {runs[0].run_id, runs[2].run_id}


class TestCommands:
    def test_train_ranker_tells_what_it_measured(self, world, capsys):
        show(world, brevity, lists=250)
        call_command("train_ranker", activate=False)
        said = capsys.readouterr().out
        assert "of fusion" in said
        assert activation.active_run(RANKERS) is None
        call_command("train_ranker")
        assert activation.active_run(RANKERS) == RankerRun.objects.first()
        call_command("rollback_ranker")
        assert "reciprocal rank fusion" in capsys.readouterr().out
        assert activation.active_run(RANKERS) is None
        with pytest.raises(CommandError):
            call_command("rollback_ranker")

    def test_a_refused_run_is_exit_code_1_and_too_little_is_2(self, world):
        with pytest.raises(CommandError) as caught:
            call_command("train_ranker")
        assert caught.value.returncode == 2
        show(world, indifference, lists=250)
        with pytest.raises(CommandError, match="does not beat fusion") as caught:
            call_command("train_ranker")
        assert caught.value.returncode == 1


class TestAdmin:
    def test_one_click_rolls_back_and_another_activates(self, client, world, adopted):
        admin = make_user(is_staff=True, is_superuser=True)
        client.force_login(admin)
        page = client.get(RUNS).content.decode()
        assert f"Active: <strong>{adopted.run_id}</strong>" in page
        assert "Roll back to reciprocal rank fusion" in page
        detail = client.get(f"{RUNS}{adopted.pk}/change/").content.decode()
        assert "duration" in detail
        assert f"{adopted.metrics['fusion']['value']:.4f}" in detail
        assert client.get(f"{RUNS}rollback/").status_code == 200
        assert activation.active_run(RANKERS) == adopted
        client.post(f"{RUNS}rollback/")
        assert activation.active_run(RANKERS) is None
        client.post(f"{RUNS}{adopted.pk}/activate/")
        assert activation.active_run(RANKERS) == adopted
        assert RankerActivation.objects.latest().by == admin

    @pytest.mark.parametrize("who", ["anonymous", "member", "staff who may only look"])
    def test_others_may_not(self, client, who):
        run = RankerRun.objects.create(run_id="x", state=RankerRun.State.TRAINED)
        if who != "anonymous":
            user = make_user(is_staff=who.startswith("staff"))
            view = Permission.objects.get(codename="view_rankerrun")
            user.user_permissions.add(view)
            client.force_login(user)
        for address in (f"{RUNS}{run.pk}/activate/", f"{RUNS}rollback/"):
            assert client.post(address).status_code in (302, 403)
        assert not RankerActivation.objects.exists()
