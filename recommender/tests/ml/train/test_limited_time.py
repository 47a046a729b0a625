"""Networks that train within a budget, and from earlier weights."""

import time

import numpy as np
import pytest

from recommender.ml.models import registry
from recommender.ml.models.graphsage.config import SAMPLED, Config
from recommender.ml.train import loop, warm
from recommender.ml.train.budget import Budget
from recommender.tests.ml.worlds import two_communities

SETTINGS = {"dim": 8, "text_size": 8, "blocks": 2, "batch_size": 16}


@pytest.fixture(scope="module")
def snapshot():
    return two_communities()


def steps_of(snapshot, settings, **how):
    steps = []
    model = registry.fit("graphsage", snapshot, settings, steps.append, **how)
    return model, steps


def test_a_training_of_days_ends_within_its_seconds(snapshot):
    endless = SETTINGS | {"epochs": 10**6, "patience": 10**6}
    registry.complete("graphsage")  # imports torch, which takes seconds
    began = time.monotonic()
    model, steps = steps_of(snapshot, endless, budget=Budget(seconds=1.5))
    assert time.monotonic() - began < 6
    assert {step.stage for step in steps} == {"validate", "train"}
    assert np.isfinite(model.vectors).all()


def test_each_epoch_takes_a_part_of_its_steps_if_not_all_fit(snapshot, monkeypatch):
    batches = []
    monkeypatch.setattr(
        loop.Loop, "_affordable", lambda self, count, *_: batches.append(count) or 7
    )
    taken = []
    step = loop.Loop.step
    monkeypatch.setattr(
        loop.Loop, "step", lambda self, batch: taken.append(1) or step(self, batch)
    )
    steps_of(snapshot, SETTINGS | {"stop_after": 3}, budget=Budget(seconds=60))
    assert batches[0] > 7
    assert len(taken) == 3 * 7


def test_time_without_bounds_changes_nothing(snapshot):
    settings = SETTINGS | {"stop_after": 2}
    free, _ = steps_of(snapshot, settings)
    limited, _ = steps_of(snapshot, settings, budget=Budget(seconds=10_000))
    np.testing.assert_array_equal(free.vectors, limited.vectors)


def test_large_graphs_are_sampled_where_time_is_limited():
    limited = Budget(seconds=100, memory_bytes=10**10, cores=2)
    assert Config().fitting(500_000, limited).fan_out is None
    assert Config().fitting(5_000_000, limited).fan_out == SAMPLED
    assert Config().fitting(5_000_000, Budget(memory_bytes=10**10)).fan_out is None
    small = Budget(seconds=100, memory_bytes=10**8, cores=2)
    assert Config().fitting(500_000, small).fan_out == SAMPLED
    own = Config(fan_out=(3, 2, 1))
    assert own.fitting(5_000_000, limited) is own


def test_a_later_fit_goes_on_from_kept_weights(snapshot):
    settings = SETTINGS | {"stop_after": 6}
    with warm.kept():
        cold, steps = steps_of(snapshot, settings)
        assert len(steps) == 6
        later, steps = steps_of(snapshot, settings)
    assert len(steps) == 2
    assert steps[0].loss < 1.05 * cold_loss(snapshot, settings)
    assert later.searched == cold.searched == {"stop_after": 6}
    with warm.kept({"graphsage": cold.learned}):
        _, steps = steps_of(snapshot, settings | {"dim": 12})
    assert len(steps) == 6  # other widths start cold


def cold_loss(snapshot, settings):
    """The loss of the last epoch of a cold fit."""
    return steps_of(snapshot, settings)[1][-1].loss
