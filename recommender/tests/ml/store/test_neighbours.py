"""Neighbours that were found in advance equal those found on request."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.ml.models import registry
from recommender.ml.store import neighbours
from recommender.ml.store.neighbours import Neighbours
from recommender.tests.ml.worlds import two_communities


def clusters(n, d=16, seed=0):
    random = np.random.default_rng(seed)
    centres = random.standard_normal((20, d))
    vectors = centres[random.integers(0, 20, n)] + random.standard_normal((n, d))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("f4")


def test_they_are_the_nearest_without_the_item_itself():
    units, ids = clusters(300), np.arange(300) * 7 + 3
    found = Neighbours.find(ids, units, k=9)
    cosines = units @ units.T
    np.fill_diagonal(cosines, -2)
    for row in (0, 17, 299):
        nearest = np.argsort(-cosines[row])[:9]
        hits = found.of(ids[row], k=9, exclude=[])
        assert hits.ids.tolist() == ids[nearest].tolist()
        assert hits.scores == pytest.approx(cosines[row][nearest], abs=1e-3)
        left = found.of(ids[row], k=3, exclude=ids[nearest[:2]])
        assert left.ids.tolist() == ids[nearest[2:5]].tolist()
    assert found.of(1, k=9, exclude=[]) is None


def test_many_items_are_compared_by_an_index(monkeypatch):
    monkeypatch.setattr(neighbours, "EXACT_LIMIT", 1000)
    units, ids = clusters(4000), np.arange(4000)
    found = Neighbours.find(ids, units, k=20)
    cosines = units @ units.T
    np.fill_diagonal(cosines, -2)
    exact = np.argsort(-cosines, axis=1)[:, :20]
    recall = np.mean(
        [np.isin(a, b).mean() for a, b in zip(exact, found.places, strict=True)]
    )
    assert recall > 0.93


def test_items_without_a_vector_have_none():
    units = clusters(50)
    units[4] = 0
    found = Neighbours.find(np.arange(50), units, k=60)
    assert len(found.of(4, k=9, exclude=[])) == 0
    assert len(found.of(5, k=60, exclude=[])) == 48  # neither itself nor 4


def test_they_are_stored_with_a_run_of_many_items(monkeypatch, tmp_path):
    snapshot = two_communities(users=60)
    model = registry.fit("als", snapshot, {"factors": 8, "iterations": 2})
    registry.save(model, tmp_path / "few")
    assert registry.load(tmp_path / "few").neighbours is None
    monkeypatch.setattr(neighbours, "FEWEST_ITEMS", 2)
    registry.save(model, tmp_path / "many")
    loaded = registry.load(tmp_path / "many")
    anchor = int(model.item_ids[3])
    expected = loaded.similar(anchor, k=5)
    found = loaded.nearest(anchor, k=5)
    assert found.ids.tolist() == expected.ids.tolist()
