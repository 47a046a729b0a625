import math
from types import SimpleNamespace

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


@pytest.mark.parametrize(("share", "free"), [(1.0, 2.0), (0.25, 0.5), (0.01, 0.1)])
def test_other_processes_leave_a_share_of_the_cores(monkeypatch, share, free):
    now = [0.0]

    def tick():
        now[0] += 0.001
        return now[0]

    clock = SimpleNamespace(monotonic=tick, thread_time=lambda: share * now[0])
    monkeypatch.setattr(budget, "time", clock)
    monkeypatch.setattr(budget, "_cores", lambda: 2)
    assert budget.free_cores() == free


def test_choices_are_tried_until_the_time_is_over(clock):
    with within(Budget(seconds=3)):
        tried = []
        for choice in budget.until_spent("abcdef"):
            tried.append(choice)
            clock(2)
        assert tried == ["a", "b"]
        assert list(budget.until_spent("xyz")) == ["x"]  # at least one
        with pytest.raises(budget.OutOfTimeError, match="The index did not fit"):
            budget.check("The index")
    with within(Budget(seconds=3)):
        budget.check("The index", needed=2)
        with pytest.raises(budget.OutOfTimeError):
            budget.check("The index", needed=4)
