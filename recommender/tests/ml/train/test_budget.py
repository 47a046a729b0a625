import math

import pytest

from recommender.ml.train import budget
from recommender.ml.train.budget import Budget, current, left_of_all, within


@pytest.fixture
def clock(monkeypatch):
    """Moves `time.monotonic` on by as many seconds as it is called with."""
    now = [100.0]
    monkeypatch.setattr(budget.time, "monotonic", lambda: now[0])

    def pass_by(seconds):
        now[0] += seconds

    return pass_by


def test_time_that_passed_is_no_longer_left(clock):
    with within(Budget(seconds=10, memory_bytes=1000, cores=1)):
        clock(4)
        assert current() == Budget(seconds=6, memory_bytes=1000, cores=1)
        clock(7)
        assert current().is_spent
    assert not current().has_limit


def test_an_inner_budget_cannot_exceed_the_outer_one(clock):
    with within(Budget(seconds=10, memory_bytes=1000, cores=1)):
        clock(4)
        with within(Budget(seconds=60, memory_bytes=500, cores=8)):
            assert current() == Budget(seconds=6, memory_bytes=500, cores=1)
        with within(current().share(0.5)):
            assert current().seconds == 3
            assert left_of_all() == 6
        with within(None):
            assert current().seconds == 6
    assert left_of_all() == math.inf


def test_without_one_the_machine_is_the_limit():
    assert current().seconds == math.inf
    assert current().memory_bytes > 0
    assert current().cores >= 1
