"""Breakdowns worked out by hand on a few people, and the newcomers of a cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.ml.data import splits
from recommender.ml.data.splits import FIRST_WATCHES, Newcomers
from recommender.ml.evaluation import breakdowns, evaluate
from recommender.ml.models import registry
from recommender.tests.ml.worlds import DAY, START, make_snapshot, two_communities

CUT = START + 50 * DAY


def snapshot():
    """100 and 101 are known before day 50; 102 came after it and watched seven; 103
    came after it and watched five."""
    rows = [
        *((100, 500 + n, 1.0, n) for n in range(3)),
        *((101, 500 + n, 1.0, n) for n in range(7)),
        (100, 507, 1.0, 60),
        (101, 508, 1.0, 60),
        *((102, 500 + n, 1.0, 60 + n) for n in (4, 3, 2, 1, 0, 5, 6)),
        *((103, 500 + n, 1.0, 60 + n) for n in range(5)),
    ]
    return make_snapshot(watched=rows, n_items=10)


def test_newcomers_have_no_watches_before_the_cut_and_targets_after_it():
    found = Newcomers.from_snapshot(snapshot(), CUT)
    assert found.users.tolist() == [2]
    assert found.first.tolist() == [[0, 1, 2, 3, 4]]  # in the order of the watches
    assert found.items[found.indptr[0] : found.indptr[1]].tolist() == [5, 6]


def test_the_newcomers_of_a_holdout_are_not_in_its_history():
    holdout = splits.holdout(snapshot(), cut=CUT)
    assert holdout.newcomers.users.tolist() == [2]
    assert not np.isin(holdout.newcomers.users, holdout.history.watched.source).any()
    assert not np.isin(holdout.newcomers.users, holdout.users).any()


def test_people_and_videos_fall_into_their_ranges():
    holdout = splits.holdout(snapshot(), cut=CUT)
    # The target of 100 is video 507, that of 101 is 508; the lists hold only 507.
    lists = {"one": np.array([[7, 9], [7, 9]])}
    values = {"one": {breakdowns.METRIC: np.array([1.0, 0.0])}}
    people = breakdowns.by_history(values, holdout, seed=0)
    assert [(row["range"], row["count"]) for row in people] == [
        ("3 to 5", 1),
        ("6 to 10", 1),
    ]
    assert [row["models"]["one"]["value"] for row in people] == [1.0, 0.0]
    videos = breakdowns.by_item(lists, holdout, seed=0)
    assert [(row["range"], row["count"]) for row in videos] == [("0", 2)]
    assert videos[0]["models"]["one"]["value"] == 0.5


def test_recall_by_item_counts_only_targets_of_its_range():
    rows = [
        *((100 + user, 500, 1.0, 1) for user in range(4)),
        (100, 501, 1.0, 60),
        (100, 502, 1.0, 60),
        *((101 + user, 502, 1.0, 1) for user in range(3)),
    ]
    holdout = splits.holdout(make_snapshot(watched=rows), cut=CUT)
    found = breakdowns.by_item({"one": np.array([[2, 3]])}, holdout, seed=0)
    values = {row["range"]: row["models"]["one"]["value"] for row in found}
    assert values == {"0": 0.0, "1 to 5": 1.0}


def test_shares_of_categories_sum_to_one():
    holdout = splits.global_time_split(two_communities()).test
    fitted = {"co_watch": registry.fit("co_watch", holdout.history)}
    report = evaluate.evaluate_fitted(fitted, holdout).report
    rows = report["curves"]["categories"]
    for key in ("past", "next"):
        assert sum(row[key] for row in rows) == pytest.approx(1, abs=1e-4)
    listed = sum(row["models"]["co_watch"] for row in rows)
    assert listed == pytest.approx(1, abs=1e-4)
    assert rows == sorted(rows, key=lambda row: -row["past"])


def test_a_model_gets_better_as_it_knows_a_new_person():
    world = two_communities(users=150)
    late = world.watched.time > START + 40 * DAY
    new = np.isin(world.watched.source, np.arange(30))
    world = replace(world, watched=world.watched.where(late | ~new))
    holdout = splits.holdout(world, cut=START + 40 * DAY)
    people = holdout.newcomers
    assert 0 < len(people.users) <= 30
    names = ("co_watch", "popularity")
    fitted = {name: registry.fit(name, holdout.history) for name in names}
    rows = breakdowns.newcomers(fitted, people, seed=0)
    assert [row["known"] for row in rows] == [0, 1, 3, FIRST_WATCHES]
    by_model = {n: [row["models"][n]["value"] for row in rows] for n in names}
    assert by_model["co_watch"][-1] > by_model["co_watch"][0]
    assert len(set(by_model["popularity"])) == 1  # it does not use the history
    assert by_model["co_watch"][-1] > by_model["popularity"][-1]


def test_reports_of_the_same_holdout_have_the_same_fingerprint():
    world = two_communities()
    one = splits.global_time_split(world).test
    again = splits.global_time_split(world).test
    other = splits.global_time_split(world, test=0.2).test
    assert evaluate.fingerprint(one) == evaluate.fingerprint(again)
    assert evaluate.fingerprint(one) != evaluate.fingerprint(other)
