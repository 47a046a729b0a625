import numpy as np
import pytest

from recommender.ml.data.history import Trail, UserHistory
from recommender.ml.data.splits import global_time_split
from recommender.ml.evaluation import evaluate
from recommender.ml.models import registry
from recommender.ml.store.artifact import ArtifactError
from recommender.tests.ml.worlds import (
    make_snapshot,
    strongest_contributions,
    two_communities,
)


def test_popularity_halves_old_engagement():
    snapshot = make_snapshot(
        watched=[(100, 500, 1, 86), (101, 501, 1, 100), (102, 501, 0.5, 72)]
    )
    model = registry.fit("popularity", snapshot, {"half_life_days": 14})
    scores = model.scores([UserHistory()])
    np.testing.assert_allclose(scores, [[0.5, 1.125, 0, 0, 0]], rtol=1e-6)


def test_co_watch_is_the_shrunk_cosine():
    snapshot = make_snapshot(
        watched=[
            (100, 500, 1, 1),
            (100, 501, 1, 1),
            (101, 500, 1, 1),
            (102, 501, 1, 1),
            (102, 502, 0.5, 1),
        ]
    )
    model = registry.fit("co_watch", snapshot, {"shrinkage": 1.0})
    scores = model.scores([UserHistory(watched=Trail.from_ids([500, 502], [1, 0.5]))])[
        0
    ]
    # Norms: 500 and 501 have sqrt(2), 502 has 0.5.
    expected = 1 / (2 + 1) + 0.5 * (0.5 / (np.sqrt(2) * 0.5 + 1))
    np.testing.assert_allclose(scores, [0, expected, 0, 0, 0], rtol=1e-6)


def test_co_watch_keeps_the_strongest_neighbours():
    snapshot = two_communities()
    all_of_them = registry.fit("co_watch", snapshot, {"neighbours": 100})
    three = registry.fit("co_watch", snapshot, {"neighbours": 3})
    state = UserHistory(watched=Trail.from_ids([510]))
    top = all_of_them.recommend(state, k=3)
    hits = three.recommend(state, k=10)
    np.testing.assert_array_equal(hits.ids[:3], top.ids)
    assert (hits.scores > 0).sum() == 3


def test_co_watch_explains_by_the_watch_that_adds_most():
    model = registry.fit("co_watch", two_communities())
    state = UserHistory(watched=Trail.from_ids([500, 501, 502], [1, 1, 0.4]))
    items = model.recommend(state, k=5).ids
    for item, reason in zip(
        items, strongest_contributions(model, state, items), strict=True
    ):
        assert reason is not None
        full = model.score_items(state, [item])[0]
        reduced = [UserHistory(watched=state.watched.without(p)) for p in range(3)]
        losses = [full - model.score_items(each, [item])[0] for each in reduced]
        assert reason.id == state.watched.ids[np.argmax(losses)]
        assert reason.amount == pytest.approx(max(losses), rel=1e-4)
    assert model.contributions(UserHistory(), items) == [[]] * 5
    assert model.contributions(state, [99999]) == [[]]


@pytest.mark.parametrize(("fans", "wanted", "found"), [(10, 25, 7.0), (3, 0, 30.0)])
def test_popularity_finds_the_half_life(fans, wanted, found):
    # Videos 0 to 24 had some fans a month ago, 25 to 49 one a few days ago. Newcomers
    # want the new ones, which 10 old watches outweigh at 14 days; or they want the old
    # ones, of which 3 watches outweigh a new one from 30 days on.
    old = [(100 + fan, 500 + v, 1.0, 0) for fan in range(fans) for v in range(25)]
    new = [(120, 525 + v, 1.0, 30) for v in range(25)]
    newcomers = [(130 + n, 550, 1.0, 1) for n in range(10)]
    targets = [
        (130 + n, 500 + wanted + (n + 5 * v) % 25, 1.0, 33)
        for n in range(10)
        for v in range(4)
    ]
    rows = old + new + newcomers + targets
    snapshot = make_snapshot(watched=rows, n_users=40, n_items=51)
    share = (len(targets) - 0.5) / len(rows)
    model = registry.fit("popularity", snapshot, {"validation": share})
    assert model.searched == {"half_life_days": found}
    again = registry.fit("popularity", snapshot, model.searched)
    state = UserHistory()
    np.testing.assert_array_equal(model.scores([state]), again.scores([state]))


def test_popularity_without_times_has_a_half_life_too():
    rows = [(100, 500, 1.0, 0), (101, 501, 1.0, 0)]
    model = registry.fit("popularity", make_snapshot(watched=rows))
    assert model.searched == {"half_life_days": 14.0}


@pytest.mark.parametrize("name", ["popularity", "co_watch"])
def test_saved_models_score_the_same(name, tmp_path):
    snapshot = two_communities()
    model = registry.fit(name, snapshot)
    registry.save(model, tmp_path / "run", metrics={"recall@20": 0.5})
    loaded = registry.load(tmp_path / "run")
    states = [UserHistory(), UserHistory(watched=Trail.from_ids([500, 777]))]
    np.testing.assert_array_equal(model.scores(states), loaded.scores(states))
    assert loaded.manifest.data_hash == snapshot.content_hash()
    assert loaded.manifest.metrics == {"recall@20": 0.5}
    registry.rebuild(tmp_path / "run", tmp_path / "again", snapshot)
    again = registry.load(tmp_path / "again")
    np.testing.assert_array_equal(model.scores(states), again.scores(states))


def test_seen_excluded_and_unknown_items():
    model = registry.fit("popularity", two_communities())
    state = UserHistory(watched=Trail.from_ids(np.arange(500, 530)))
    hits = model.recommend(state, k=100, exclude=[530, 531, 9999])
    assert sorted(hits.ids) == list(range(532, 540))
    assert (np.diff(hits.scores) <= 0).all()
    scores = model.score_items(state, [500, 9999])
    assert np.isfinite(scores[0])
    assert np.isnan(scores[1])
    assert len(model.similar(9999, k=5)) == 0


def test_unknown_names_and_settings_are_refused(tmp_path):
    snapshot = two_communities()
    with pytest.raises(registry.ConfigError, match="no model nope; there are als, "):
        registry.fit("nope", snapshot)
    with pytest.raises(
        registry.ConfigError, match="no setting speed; it has half_life"
    ):
        registry.fit("popularity", snapshot, {"speed": 1})
    with pytest.raises(ArtifactError, match="no trained run"):
        registry.load(tmp_path)


def test_report_ranks_co_watch_above_popularity_where_taste_is_planted():
    split = global_time_split(two_communities(users=200, watches=12))
    names = ["co_watch", "popularity"]
    report = evaluate.evaluate(names, split, seed=3).report
    recall = report["models"]["co_watch"]["recall@20"]
    assert recall["low"] < recall["value"] < recall["high"]
    difference = report["differences"]["co_watch"]["popularity"]["recall@10"]
    assert difference["low"] > 0
    assert evaluate.beats_popularity(report, "co_watch")
    assert not evaluate.beats_popularity(report, "popularity")
    assert not evaluate.beats_popularity(report, "graphsage")
    assert evaluate.evaluate(names, split, seed=3).report == report


def test_ranked_lists_hold_nothing_seen():
    split = global_time_split(two_communities())
    model = registry.fit("co_watch", split.test.history)
    lists = evaluate.rank_items(model, split.test, 40)
    known = split.test.history.watched
    for row, user in zip(lists, split.test.users, strict=True):
        seen = known.target[known.source == user]
        assert not np.isin(row, seen).any()
        assert (row >= 0).sum() == 40 - len(seen)
