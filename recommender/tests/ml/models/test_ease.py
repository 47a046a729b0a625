"""EASE compared with its closed form by dense matrices."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.ml.data.history import histories
from recommender.ml.models import ease
from recommender.tests.ml.worlds import two_communities


@pytest.mark.parametrize("balance", [0.0, 0.5])
def test_a_history_is_weighted_by_its_length(balance):
    snapshot = two_communities(users=40)
    edges = snapshot.watched
    # Some have seen much more than others.
    edges = edges.where((edges.source % 2 > 0) | (edges.target % 3 > 0))
    snapshot = replace(snapshot, watched=edges)
    edges = edges.where(edges.weight > 0)
    watched = np.zeros((snapshot.n_users, snapshot.n_items))
    watched[edges.source, edges.target] = 1
    count = watched.sum(1)
    assert count.max() > 1.5 * count.min()
    weight = (count / count.mean()) ** -balance
    gram = watched.T @ (weight[:, None] * watched) + 20 * np.eye(snapshot.n_items)
    inverse = np.linalg.inv(gram)
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    model = ease.fit(snapshot, ease.Config(regularization=20.0, balance=balance))
    scores = model.scores(histories(snapshot, np.arange(snapshot.n_users)))
    np.testing.assert_allclose(scores, watched @ expected, atol=1e-4)
