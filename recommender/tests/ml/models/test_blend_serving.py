"""A blend of many videos retrieves what it scores."""

import numpy as np
import pytest

from recommender.ml.data.history import UserHistory, histories
from recommender.ml.models import registry
from recommender.ml.models.base import top_k
from recommender.ml.models.blend import serve
from recommender.tests.ml.worlds import two_communities

CONFIG = {
    "members": ("als", "gf_cf", "popularity"),
    "settings": {
        "als": {"factors": 8, "iterations": 5, "regularization": 3.0},
        "gf_cf": {"rank": 8, "neighbours": 40},
    },
    "weights": {"als": 1.0, "gf_cf": 0.5, "popularity": 0.1},
    "by_person": False,
}


@pytest.fixture(scope="module")
def world():
    return two_communities(users=300, items=400, watches=30)


@pytest.fixture(scope="module")
def fitted(world):
    return registry.fit("blend", world, CONFIG)


@pytest.fixture
def many(monkeypatch):
    """A limit that makes the world one of many videos."""
    monkeypatch.setattr(serve, "DENSE_ITEMS", 100)
    monkeypatch.setattr(serve, "RETRIEVED", 30)


def test_lists_are_nearly_those_of_all_scores(world, fitted, many):
    shares = []
    for state in histories(world, np.arange(0, 300, 5)):
        scores = fitted.scores([state])[0]
        scores[np.searchsorted(fitted.item_ids, state.watched.ids)] = -np.inf
        best = fitted.item_ids[top_k(scores[None], 20)[0]]
        hits = fitted.recommend(state, k=20, exclude=best[:2])
        assert not np.isin(hits.ids, [*state.watched.ids, *best[:2]]).any()
        shares.append(np.isin(best[2:], hits.ids).mean())
    assert np.mean(shares) > 0.95


def test_scores_of_some_differ_from_those_of_all_by_a_constant(world, fitted, many):
    states = histories(world, np.arange(5))
    ids = fitted.item_ids[::7]
    difference = fitted.score_each(states, ids) - fitted.scores(states)[:, ::7]
    assert np.ptp(difference, axis=1).max() < 1e-4
    assert np.isnan(fitted.score_items(states[0], [99999])).all()


def test_a_request_does_not_score_every_video(world, fitted, many, monkeypatch):
    for model in (fitted, *fitted.members.values()):
        monkeypatch.setattr(type(model), "scores", None)
    (state,) = histories(world, np.array([3]))
    hits = fitted.recommend(state, k=20)
    assert len(hits) == 20
    np.testing.assert_allclose(fitted.score_items(state, hits.ids), hits.scores)
    assert len(fitted.similar(500, k=5)) == 5
    assert any(fitted.contributions(state, hits.ids[:3]))


def test_vectors_of_very_many_have_an_approximate_index(world, many, monkeypatch):
    monkeypatch.setattr(serve, "EXACT_ITEMS", 100)
    model = registry.fit("blend", world, CONFIG)
    assert not model.members["als"].index.exact
    assert not model.renewed(world).members["als"].index.exact
    (state,) = histories(world, np.array([3]))
    scores = model.scores([state])[0]
    scores[np.searchsorted(model.item_ids, state.watched.ids)] = -np.inf
    best = model.item_ids[top_k(scores[None], 20)[0]]
    assert np.isin(best, model.recommend(state, k=20).ids).mean() > 0.8


def test_without_watches_the_popular_are_retrieved(fitted, many):
    assert len(fitted.recommend(UserHistory(), k=20)) == 20


def test_a_saved_one_serves_the_same(world, fitted, many, tmp_path):
    registry.save(fitted, tmp_path / "run")
    loaded = registry.load(tmp_path / "run")
    for state in histories(world, np.arange(5)):
        np.testing.assert_array_equal(
            loaded.recommend(state, k=20).ids, fitted.recommend(state, k=20).ids
        )


def test_as_many_neighbours_as_items_are_the_whole_graph(world):
    states = histories(world, np.arange(10))
    settings = {"rank": 8, "sharpening": 0.6, "degree": 0.2}
    whole = registry.fit("gf_cf", world, settings).scores(states)
    lists = registry.fit("gf_cf", world, {**settings, "neighbours": 400})
    scores = lists.scores(states)
    for row, state in enumerate(states):
        # An item is not its own neighbour: watched ones differ.
        unseen = ~np.isin(world.item_ids, state.watched.ids)
        np.testing.assert_allclose(scores[row, unseen], whole[row, unseen], atol=1e-6)
    some = lists.score_each(states, [505, 500, 505, 99999])
    np.testing.assert_allclose(some[:, :3], scores[:, [5, 0, 5]], atol=1e-6)
    assert np.isnan(some[:, 3]).all()
