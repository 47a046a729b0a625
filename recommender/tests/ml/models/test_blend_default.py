"""The blend without settings: it finds members, their settings and weights."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.ml.data.history import histories
from recommender.ml.data.splits import Cut, usable_cut
from recommender.ml.evaluation import evaluate
from recommender.ml.models import registry
from recommender.ml.models.blend import Config, members, train
from recommender.ml.models.blend.members import Axis, Member
from recommender.ml.models.blend.tuning import Tuner
from recommender.ml.train.budget import Budget, within
from recommender.tests.ml.worlds import two_communities, without_times

HOUR = Budget(seconds=3600.0, memory_bytes=2**33)


@pytest.fixture(scope="module")
def timeless():
    return without_times(two_communities(users=120, watches=12))


@pytest.fixture(scope="module")
def fitted(timeless):
    quick = {"graphsage_ids": {"epochs": 2, "dim": 8}}
    return registry.fit("blend", timeless, {"settings": quick})


def planned(snapshot, cut, budget=HOUR):
    return [member.name for member in members.plan(snapshot, cut, budget)]


def test_members_need_the_times_that_the_data_have():
    world = two_communities()
    assert "graphsage" in planned(world, Cut.TIME)
    assert {"sequence", "transition"} <= set(planned(world, Cut.LAST))
    timeless = ["graphsage_ids", "als", "ease", "gf_cf", "popularity"]
    assert planned(world, Cut.RANDOM) == timeless


def test_what_does_not_fit_the_time_is_left_out():
    def of(watches, items, budget):
        size = members.Size(watches, 60 * watches / 1000, 200_000, items)
        some = [members._als(size), members._gf_cf(size), members._ease(size, Cut.TIME)]
        some += members._networks(size, Cut.TIME, budget, described=True)
        return {member.name for member in some if member.fits(budget)}

    hour = Budget(seconds=3600, memory_bytes=2**33, cores=2)
    minute, busy = replace(hour, seconds=60), replace(hour, cores=0.1)
    assert of(0.5, 6000, hour) == {"als", "gf_cf", "ease", "graphsage"}
    assert of(0.5, 6000, minute) == {"als", "gf_cf"}
    assert of(6.5, 100_000, hour) == {"als", "gf_cf"}
    assert of(6.5, 100_000, minute) == of(6.5, 100_000, busy) == set()


def test_settings_are_searched_on_as_many_watches_as_the_time_allows():
    world = two_communities(users=400)
    assert members.tuning_watches(Budget(seconds=900)) == 1_980_000
    assert members.tuning_watches(Budget(seconds=9000)) == 2_000_000
    assert members.tuning_watches(Budget(seconds=60)) == 132_000
    whole = members.Size.of_part(world, Budget(seconds=60))
    assert whole.watches == len(world.watched) / 1e6
    assert whole.pairs == pytest.approx(400 * 14**2 / 1e9)


def test_members_need_time_and_memory():
    world = two_communities()
    little = Budget(seconds=3600.0, memory_bytes=1000)
    assert "ease" not in planned(world, Cut.RANDOM, little)
    hurried = Budget(seconds=0.01, memory_bytes=2**33)
    assert "sequence" not in planned(world, Cut.LAST, hurried)
    assert "graphsage" not in planned(world, Cut.TIME, hurried)


def test_data_without_times_are_learned_from(timeless, fitted):
    assert usable_cut(timeless) == Cut.RANDOM
    states = histories(timeless, np.arange(20))
    for state in states:
        kind = state.watched.ids[state.watched.weight.argmax()] % 2
        assert (fitted.recommend(state, k=6).ids % 2 == kind).mean() > 0.6


def test_what_was_searched_spares_the_search(timeless, fitted, monkeypatch):
    monkeypatch.setattr(train, "find", None)
    again = registry.fit("blend", timeless, fitted.searched)
    states = histories(timeless, np.arange(5))
    assert list(again.members) == list(fitted.members)
    np.testing.assert_allclose(
        again.scores(states), fitted.scores(states), rtol=1e-3, atol=1e-5
    )


def test_given_settings_of_a_member_are_not_searched(timeless):
    settings = {
        "als": {"factors": 16, "iterations": 3},
        "graphsage_ids": {"epochs": 1, "dim": 8},
    }
    found = train.find(timeless, Config(settings=settings)).settings["settings"]
    assert found["als"]["factors"] == 16
    assert found["als"]["iterations"] == 3
    assert "regularization" in found["als"]


def test_a_setting_climbs_to_the_best_and_stops_there(timeless):
    part = train._part(timeless, Config(cut=Cut.RANDOM))
    axis = Axis("regularization", (1.0, 30.0, 300.0, 1e6, 1e9))
    steps = []
    tuner = Tuner(Member("ease", {"regularization": 1.0}, (axis,)), part, steps.append)
    best = tuner.best()
    tried = [1 - step.loss for step in steps]
    assert best.value == max(tried)
    model = registry.fit("ease", part.history, best.settings)
    lists = evaluate.rank_items(model, part, 20)
    values = evaluate.user_metrics(lists, part)["ndcg@20"]
    assert values.mean() == pytest.approx(best.value)


def test_without_time_the_first_settings_stay(timeless):
    part = train._part(timeless, Config(cut=Cut.RANDOM))
    axis = Axis("regularization", (1.0, 30.0, 300.0))
    steps = []
    with within(Budget(seconds=0.0)):
        best = Tuner(
            Member("als", {"regularization": 30.0}, (axis,)), part, steps.append
        ).best()
    assert len(steps) == 1
    assert best.settings == {"regularization": 30.0}


def test_a_network_without_time_for_another_fit_keeps_what_it_learned(timeless):
    quick = {"dim": 8, "epochs": 1, "exponent": 0.0, "wide": 0.0}
    part = train._part(timeless, Config(cut=Cut.RANDOM))
    learned = registry.fit("graphsage_ids", part.history, quick)
    choice = train.Choice(
        {
            "members": ("graphsage_ids",),
            "weights": {"graphsage_ids": 1.0},
            "settings": {"graphsage_ids": quick},
        },
        {"graphsage_ids": train.Fit(learned, 100.0, len(part.history.watched))},
    )
    with within(Budget(seconds=50.0)):
        whole = train._fitted(timeless, Config(), choice, lambda step: None)
    states = histories(timeless, np.arange(5))
    np.testing.assert_allclose(
        whole.members["graphsage_ids"].scores(states),
        learned.renewed(timeless).scores(states),
        rtol=1e-5,
    )


def test_a_sample_of_people_has_about_the_wanted_watches():
    world = two_communities(users=400)
    few = members.sample_of_people(world, 1400, seed=0)
    assert 1000 < len(few.watched) < 1900
    assert few.n_users == world.n_users
    counts = np.bincount(few.watched.source, minlength=world.n_users)
    assert set(counts) == {0, 14}  # whole histories
