import numpy as np
import pytest

from recommender.ml import evaluate, models
from recommender.ml.artifact import ArtifactError
from recommender.ml.history import Trail, UserHistory
from recommender.ml.splits import global_time_split
from recommender.tests.ml.worlds import make_snapshot, two_communities


def test_popularity_halves_old_engagement():
    snapshot = make_snapshot(
        watched=[(100, 500, 1, 86), (101, 501, 1, 100), (102, 501, 0.5, 72)]
    )
    model = models.fit("popularity", snapshot, {"half_life_days": 14})
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
    model = models.fit("co_watch", snapshot, {"shrinkage": 1.0})
    scores = model.scores([UserHistory(watched=Trail.of([500, 502], [1, 0.5]))])[0]
    # Norms: 500 and 501 have sqrt(2), 502 has 0.5.
    expected = 1 / (2 + 1) + 0.5 * (0.5 / (np.sqrt(2) * 0.5 + 1))
    np.testing.assert_allclose(scores, [0, expected, 0, 0, 0], rtol=1e-6)


def test_co_watch_keeps_the_strongest_neighbours():
    snapshot = two_communities()
    all_of_them = models.fit("co_watch", snapshot, {"neighbours": 100})
    three = models.fit("co_watch", snapshot, {"neighbours": 3})
    state = UserHistory(watched=Trail.of([510]))
    top = all_of_them.recommend(state, k=3)
    hits = three.recommend(state, k=10)
    np.testing.assert_array_equal(hits.ids[:3], top.ids)
    assert (hits.scores > 0).sum() == 3


def test_co_watch_explains_by_the_watch_that_adds_most():
    model = models.fit("co_watch", two_communities())
    state = UserHistory(watched=Trail.of([500, 501, 502], [1, 1, 0.4]))
    items = model.recommend(state, k=5).ids
    for item, reason in zip(items, model.explain(state, items), strict=True):
        assert reason is not None
        full = model.score_items(state, [item])[0]
        reduced = [UserHistory(watched=state.watched.without(p)) for p in range(3)]
        losses = [full - model.score_items(each, [item])[0] for each in reduced]
        assert reason.id == state.watched.ids[np.argmax(losses)]
        assert reason.amount == pytest.approx(max(losses), rel=1e-4)
    assert model.explain(UserHistory(), items) == [None] * 5
    assert model.explain(state, [99999]) == [None]


@pytest.mark.parametrize("name", ["popularity", "co_watch"])
def test_saved_models_score_the_same(name, tmp_path):
    snapshot = two_communities()
    model = models.fit(name, snapshot)
    models.save(model, tmp_path / "run", metrics={"recall@20": 0.5})
    loaded = models.load(tmp_path / "run")
    states = [UserHistory(), UserHistory(watched=Trail.of([500, 777]))]
    np.testing.assert_array_equal(model.scores(states), loaded.scores(states))
    assert loaded.manifest.data_hash == snapshot.content_hash()
    assert loaded.manifest.metrics == {"recall@20": 0.5}
    models.rebuild(tmp_path / "run", tmp_path / "again", snapshot)
    again = models.load(tmp_path / "again")
    np.testing.assert_array_equal(model.scores(states), again.scores(states))


def test_seen_excluded_and_unknown_items():
    model = models.fit("popularity", two_communities())
    state = UserHistory(watched=Trail.of(np.arange(500, 530)))
    hits = model.recommend(state, k=100, exclude=[530, 531, 9999])
    assert sorted(hits.ids) == list(range(532, 540))
    assert (np.diff(hits.scores) <= 0).all()
    scores = model.score_items(state, [500, 9999])
    assert np.isfinite(scores[0])
    assert np.isnan(scores[1])
    assert len(model.similar(9999, k=5)) == 0


def test_unknown_names_and_settings_are_refused(tmp_path):
    snapshot = two_communities()
    with pytest.raises(models.ConfigError, match="no model nope; there are als, "):
        models.fit("nope", snapshot)
    with pytest.raises(models.ConfigError, match="no setting speed; it has half_life"):
        models.fit("popularity", snapshot, {"speed": 1})
    with pytest.raises(ArtifactError, match="no trained run"):
        models.load(tmp_path)


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
    model = models.fit("co_watch", split.test.history)
    lists = evaluate.ranked(model, split.test, 40)
    known = split.test.history.watched
    for row, user in zip(lists, split.test.users, strict=True):
        seen = known.target[known.source == user]
        assert not np.isin(row, seen).any()
        assert (row >= 0).sum() == 40 - len(seen)
