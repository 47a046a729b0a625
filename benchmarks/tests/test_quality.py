"""Protocols, tables and files of `benchmarks.quality`."""

import json

import numpy as np
import pytest

from benchmarks import blend_serving, datasets, protocols, quality, reports
from benchmarks.protocols import ncf, running, untuned
from recommender.ml.data.splits import leave_last
from recommender.ml.evaluation.interval import Interval
from recommender.ml.models import registry
from recommender.tests.ml.worlds import two_communities


def run(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["benchmarks.quality", *arguments])
    return quality.main()


def test_absent_data_is_an_error_of_one_line(monkeypatch, tmp_path, capsys):
    status = run(monkeypatch, "--protocol", "gowalla", "--data", str(tmp_path))
    assert status == 2
    error = capsys.readouterr().err
    assert "gowalla" in error
    assert error.count("\n") == 1


def test_reports_become_a_table_and_a_file(monkeypatch, tmp_path, capsys):
    figures = {"a": Interval(0.25, 0.2, 0.3)}
    report = reports.Report("p", "d", 1.5, 20.0, {"one": figures})
    monkeypatch.setitem(protocols.PROTOCOLS, "gowalla", lambda *_: iter([report]))
    path = tmp_path / "found.json"
    assert run(monkeypatch, "--protocol", "gowalla", "--json", str(path)) == 0
    assert "0.2500* (0.2000-0.3000)" in capsys.readouterr().out
    written = json.loads(path.read_text())
    assert written["protocol"] == "p"
    assert written["models"]["one"]["a"] == {"value": 0.25, "low": 0.2, "high": 0.3}


def test_a_target_ranks_below_rivals_of_equal_score_but_not_below_itself():
    history = datasets.plain([0, 0, 1, 2, 2], [0, 1, 0, 0, 1], n_users=3, n_items=30)
    popularity = registry.fit("popularity", history)
    negatives = np.arange(2, 30)[None].repeat(3, 0)
    popular, unknown = np.array([[0], [1], [2]]), np.array([[0], [2], [0]])
    hits = ncf.target_ranks(popularity, history, np.hstack([popular, negatives]))
    # The third target has never been watched, as all but two of its negatives.
    assert hits.argmax(1).tolist() == [0, 0, 0]
    assert hits.any(1).tolist() == [True, True, False]
    hits = ncf.target_ranks(
        popularity, history, np.hstack([unknown, unknown, negatives])
    )
    assert hits.any(1).tolist() == [True, False, True]


def test_a_blend_is_made_of_the_models_that_are_there():
    history = leave_last(two_communities(users=80)).test.history
    settings = {"regularization": 100.0}
    members = {"members": ("ease", "gf_cf"), "settings": {"ease": settings}}
    configs = {
        "linear": ("ease", settings),
        "blend": ("blend", {**members, "cut": "last"}),
    }
    found = dict(running.fitted(configs, history, None))
    assert list(found) == ["linear", "blend"]
    assert found["blend"].members["ease"] is found["linear"]
    only = dict(running.fitted(configs, history, ["blend"]))
    assert list(only) == ["blend"]


def test_a_blend_of_given_weights_finds_none():
    history = leave_last(two_communities(users=80)).test.history
    settings = {"members": ("ease", "gf_cf"), "weights": {"ease": 0.8, "gf_cf": 0.2}}
    configs = {"ease": ("ease", {}), "blend": ("blend", settings)}
    found = dict(running.fitted(configs, history, None))
    assert found["blend"].members["ease"] is found["ease"]
    assert found["blend"].weights == settings["weights"]


def test_the_untuned_blend_gets_no_times_or_words_and_is_tested_on_a_fifth():
    world = two_communities(users=200)
    holdout = untuned.fifth(world)
    assert not holdout.history.watched.time.any()
    assert not any(holdout.history.texts)
    known = len(holdout.history.watched)
    assert known + len(holdout.items) == len(world.watched)
    assert 0.2 <= len(holdout.items) / len(world.watched) < 0.25


def test_a_synthetic_snapshot_has_tastes_and_popular_videos():
    snapshot = blend_serving.synthetic(20_000, 500, 20_000)
    taste, rank = np.divmod(snapshot.watched.target, 20_000 // blend_serving.CLUSTERS)
    assert (rank < 25).mean() > 0.4  # of 100 ranks
    shares = [
        np.sort(np.bincount(own))[-2:].sum() / len(own)
        for own in (taste[snapshot.watched.source == user] for user in range(20))
        if len(own)
    ]
    assert np.median(shares) > 0.5  # two of 200 tastes


@pytest.mark.skipif(not datasets.FOLDER.exists(), reason="the data folder is absent")
@pytest.mark.parametrize(
    ("name", "users", "items", "watches"),
    [("ml100k", 943, 1682, 100_000), ("kuairand", 664, 9359, 41_395)],
)
def test_data_sets_are_read_whole(name, users, items, watches):
    snapshot = getattr(datasets, name)(datasets.FOLDER)
    assert (snapshot.n_users, snapshot.n_items) == (users, items)
    assert len(snapshot.watched) == watches
    assert np.ptp(snapshot.watched.time) > 0
