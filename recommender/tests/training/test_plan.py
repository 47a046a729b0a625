"""The plan of a training, the gate, and trainings that start from the active run."""

from __future__ import annotations

import random
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone

from interactions.models import Engagement
from recommender.ml.data import splits
from recommender.ml.data.history import UserHistory
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.evaluation import evaluate
from recommender.ml.models import registry
from recommender.ml.train import budget
from recommender.ml.train.budget import Budget, OutOfTimeError, within
from recommender.ml.train.loop import Loop
from recommender.models import ModelRun
from recommender.registry import activation
from recommender.registry.activation import MODELS
from recommender.tests.ml.worlds import two_communities
from recommender.tests.planted import plant
from recommender.training import pipeline, plan, progress, warm_start
from recommender.training.errors import TrainingError
from recommender.training.evaluation import refusal

QUICK = {"epochs": 3, "validation": 0.0, "negatives": 64, "dim": 16}


def watch_again(world, *, people):
    """Each of some fans watches another video of their own kind."""
    chance = random.Random(1)
    for kind, fans in enumerate(world.fans):
        for fan in fans[:people]:
            seen = set(fan.engagements.values_list("video", flat=True))
            new = [video for video in world.videos[kind] if video.pk not in seen]
            Engagement.objects.bulk_create(
                Engagement(
                    user=fan,
                    video=video,
                    fraction=0.9,
                    viewed=True,
                    score=0.54,
                    last_at=timezone.now() + timedelta(seconds=chance.random()),
                )
                for video in chance.sample(new, 4)
            )


@pytest.mark.django_db
class TestNightly:
    @pytest.fixture
    def first(self, monkeypatch):
        monkeypatch.setattr(warm_start, "PEOPLE", 20)
        self.world = plant()
        return pipeline.train(model="graphsage", config=QUICK)

    def test_it_starts_from_the_active_run_and_costs_a_third(self, first):
        watch_again(self.world, people=20)
        second = pipeline.train(model="graphsage", config=QUICK)
        assert second.state == ModelRun.State.TRAINED, second.note
        assert second.metrics["warm"] == {"from": first.run_id, "night": 1}
        assert [step["part"] for step in second.curves] == ["Evaluate", progress.WHOLE]
        # Beside it stands the run before, on watches that neither has learned from.
        assert first.run_id in second.metrics["models"]
        assert activation.active_run(MODELS) == second

    def test_a_blend_takes_at_most_a_third_of_the_steps(self, monkeypatch):
        monkeypatch.setattr(warm_start, "PEOPLE", 20)
        steps = []
        step = Loop.step
        monkeypatch.setattr(
            Loop, "step", lambda self, batch: steps.append(1) or step(self, batch)
        )
        quick = {"dim": 8, "epochs": 6, "negatives": 64, "blocks": 2}
        config = {"settings": {"graphsage": quick}}
        world = plant()

        def costs():
            """Steps of networks, and rounds and trials of all members."""
            steps.clear()
            run = pipeline.train(model="blend", config=config, activate=False)
            return run, len(steps), len(run.curves)

        first, cold_steps, cold_rounds = costs()
        activation.activate(MODELS, run=first, reason="To start from")
        watch_again(world, people=20)
        second, warm_steps, warm_rounds = costs()
        assert second.metrics["warm"] == {"from": first.run_id, "night": 1}
        assert set(second.config["members"]) == set(first.config["members"])
        assert 0 < warm_steps <= cold_steps / 3
        assert 0 < warm_rounds <= cold_rounds / 3

    def test_without_time_for_it_the_training_starts_cold(self, first, monkeypatch):
        watch_again(self.world, people=20)

        def too_late(*arguments):
            raise OutOfTimeError("The comparison did not fit into the time")

        monkeypatch.setattr(warm_start.WarmStart, "judged", too_late)
        second = pipeline.train(model="graphsage", config=QUICK)
        assert second.note.startswith("Starts cold: The comparison did not fit")
        assert second.state == ModelRun.State.TRAINED

    def test_where_that_is_worse_it_says_so_and_starts_cold(self, first, monkeypatch):
        watch_again(self.world, people=20)
        worse_than = evaluate.worse_than
        monkeypatch.setattr(
            evaluate,
            "worse_than",
            lambda report, name, other: (
                other == first.run_id or worse_than(report, name, other)
            ),
        )
        second = pipeline.train(model="graphsage", config=QUICK)
        assert f"worse after starting from run {first}" in second.note
        assert first.run_id not in second.metrics["models"]
        parts = [step["part"] for step in second.curves]
        assert parts == ["Evaluate"] * 4 + [progress.WHOLE]

    @pytest.mark.parametrize("reason", ["few people", "settings", "nights", "again"])
    def test_what_does_not_allow_it(self, first, monkeypatch, reason):
        watch_again(self.world, people=2 if reason == "few people" else 20)
        config, again = dict(QUICK), reason == "again"
        if reason == "settings":
            config["dim"] = 8
        if reason == "nights":
            first.metrics["warm"] = {"night": warm_start.NIGHTS}
            first.save()
        second = pipeline.train(model="graphsage", config=config, again=again)
        assert "from" not in second.metrics["warm"]
        assert second.note.startswith("Starts cold" if not again else "")


@pytest.mark.django_db
def test_the_plan_is_printed_with_the_time(settings):
    settings.TRAIN_MINUTES = 7
    settings.MODEL_CONFIGS = {"graphsage": QUICK}
    plant()
    err = StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stderr", err)
        call_command("train_model", "--model", "graphsage", stdout=StringIO())
    text = err.getvalue()
    assert "480 watches of" in text
    assert "at most 7 min (fit" in text
    assert "steps on the whole graph" in text
    step = ModelRun.objects.get().curves[-1]
    assert 0 < step["left"] <= 420
    assert " min left" in progress.describe(ModelRun.objects.get())


def test_the_gate_names_each_baseline_that_is_better():
    def report(**values):
        below = {"recall@20": {"high": -0.01}}
        return {
            "models": {k: {"recall@20": {"value": v}} for k, v in values.items()},
            "differences": {
                "blend": {k: below for k, v in values.items() if v > values["blend"]}
            },
        }

    assert refusal(report(blend=0.2, popularity=0.1, als=0.15), "blend") == ""
    assert refusal(report(blend=0.2, popularity=0.1, als=0.25), "blend") == (
        "Its recall@20 on later watches is 0.2000, als's 0.2500."
    )
    both = refusal(report(blend=0.1, popularity=0.1, als=0.25), "blend")
    assert both.endswith("popularity's 0.1000 and als's 0.2500.")


def test_people_are_as_many_as_a_difference_needs(monkeypatch):
    monkeypatch.setattr(evaluate, "FEWEST", 20)
    monkeypatch.setattr(evaluate, "PILOT", 30)
    monkeypatch.setattr(evaluate, "AT_ONCE", 10)
    part = splits.global_time_split(two_communities(users=200)).test
    names = ("co_watch", "popularity")
    fitted = {name: registry.fit(name, part.history) for name in names}

    def judged(visible):
        monkeypatch.setattr(evaluate, "VISIBLE", visible)
        return evaluate.compare(
            fitted, part, "co_watch", baselines=["popularity"], configs={}
        ).report["users"]

    assert judged(10.0) == 30  # the pilot
    assert 30 < judged(0.2) < judged(0.15) < len(part.users)
    assert judged(0.001) == len(part.users)


@pytest.mark.django_db
class TestDeadline:
    @pytest.mark.parametrize("seconds", [0.0, 40.0, 150.0])
    def test_a_training_that_runs_out_of_time_leaves_a_run_that_loads(
        self, monkeypatch, seconds
    ):
        plant()
        first = pipeline.train(model="co_watch")
        looks = []
        clock = SimpleNamespace(monotonic=lambda: looks.append(1) or float(len(looks)))
        monkeypatch.setattr(budget, "time", clock)
        monkeypatch.setattr(plan, "whole", lambda: Budget(seconds=seconds))
        config = {"settings": {"graphsage": {"dim": 8, "epochs": 2, "blocks": 2}}}
        run = pipeline.train(model="blend", config=config)
        assert len(looks) < seconds + 200  # a second each
        assert run.state in (ModelRun.State.TRAINED, ModelRun.State.REFUSED)
        assert run.metrics["users"] > 0
        model = registry.load(run.folder)
        hits = model.recommend(UserHistory(), k=5)
        assert len(hits) == 5
        assert np.isfinite(hits.scores).all()
        active = activation.active_run(MODELS)
        assert active == (run if run.state == ModelRun.State.TRAINED else first)

    def test_a_model_that_cannot_end_in_time_says_so(self, monkeypatch):
        plant()
        first = pipeline.train(model="popularity")
        monkeypatch.setattr(plan, "whole", lambda: Budget(seconds=0.0))
        with pytest.raises(TrainingError, match=r"TRAIN_MINUTES=30 is too short: "):
            pipeline.train(model="co_watch")
        assert activation.active_run(MODELS) in (None, first)
        assert ModelRun.objects.filter(model="co_watch", state="failed").exists()


def test_the_plan_names_what_is_too_long(monkeypatch):
    graph: GraphSnapshot = two_communities()
    lines = {}
    for seconds in (3600, 0.05):
        with within(Budget(seconds=seconds, memory_bytes=2**30, cores=2)):
            text = str(plan.Plan.for_graph(graph, "blend", {}))
        lines[seconds] = text.splitlines()[1:]
    assert lines[3600][0].startswith("Members: graphsage (a fit about 1 s), als")
    assert not any("Too long" in line for line in lines[3600])
    assert "graphsage" not in lines[0.05][0]
    assert lines[0.05][1].startswith("Too long for the time: graphsage")


def test_a_training_may_use_some_memory_and_the_free_cores(monkeypatch, settings):
    settings.TRAIN_MINUTES = 10
    monkeypatch.setattr(plan, "free_cores", lambda: 0.3)
    whole = plan.whole()
    assert whole.seconds < 600
    assert 0 < whole.memory_bytes < plan.MOST_MEMORY
    assert whole.cores == 0.3


def test_a_plan_divides_all_the_time():
    graph: GraphSnapshot = two_communities()
    with within(Budget(seconds=1000)):
        made = plan.Plan.for_graph(graph, "blend", {})
    left = 1000 * (1 - made.fit) * (1 - made.judge)
    assert left * made.final == pytest.approx(250)
    assert left * (1 - made.final) == pytest.approx(100)
    assert "(fit 8 min, judge 2 min, fit on everything 4 min, index 2 min)" in str(made)


def test_a_large_catalogue_is_judged_by_what_people_would_get(monkeypatch):
    part = splits.global_time_split(two_communities()).test
    model = registry.fit("als", part.history, {"factors": 8})
    whole = evaluate.rank_items(model, part, 20)
    monkeypatch.setattr(evaluate, "RETRIEVED_FROM", 10)
    lists = evaluate.rank_items(model, part, 20)
    shared = [len(set(a) & set(b)) for a, b in zip(whole, lists, strict=True)]
    assert sum(shared) / len(shared) > 19
