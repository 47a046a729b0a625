"""Propagation of ids through the item graph, compared with dense matrices."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.ml.data.history import histories, watch_matrix
from recommender.ml.models import registry
from recommender.ml.models.item_graph import ItemGraph
from recommender.ml.models.lightgcn.serve import normalised
from recommender.ml.models.linear_sage import train as linear_sage
from recommender.ml.models.linear_sage.serve import WIDE_POWER
from recommender.tests.ml.worlds import two_communities

POWER = 0.4


@pytest.fixture(scope="module")
def snapshot():
    return two_communities(users=40)


@pytest.fixture(scope="module")
def watched(snapshot):
    """(users, items) of 0 and 1."""
    edges = snapshot.watched.where(snapshot.watched.weight > 0)
    dense = np.zeros((snapshot.n_users, snapshot.n_items))
    dense[edges.source, edges.target] = 1
    return dense


def propagated(watched, power):
    """(users, items): each history times the item-item graph."""
    degree = np.maximum(watched.sum(0), 1)
    root = np.sqrt(np.maximum(watched.sum(1, keepdims=True), 1) * degree)
    half = watched / root
    return (watched / degree**power) @ (half.T @ half) * degree**power


def test_it_equals_the_dense_graph(snapshot, watched):
    graph = ItemGraph.from_matrix(normalised(snapshot), POWER)
    states = histories(snapshot, np.arange(40))
    sent = graph.send(watch_matrix(snapshot.item_ids, states))
    expected = propagated(watched, POWER)
    np.testing.assert_allclose(graph.receive(sent), expected, rtol=1e-5)
    some = np.array([3, 0, 3])
    np.testing.assert_allclose(graph.receive(sent, some), expected[:, some], rtol=1e-5)
    half = graph.half.toarray()
    np.testing.assert_allclose(graph.own, np.diag(half.T @ half), rtol=1e-5)


def test_linear_graphsage_adds_the_propagated_ids_to_its_scores(snapshot, watched):
    config = linear_sage.Config(
        dim=8, epochs=2, batch_size=20, exponent=0.2, lean=0.0, wide=0.0
    )
    states = histories(snapshot, np.arange(40))
    narrow, wide = (
        linear_sage.fit(snapshot, replace(config, wide=weight)).scores(states)
        for weight in (0.0, 1.5)
    )
    ids = propagated(watched, WIDE_POWER) / np.maximum(watched.sum(1, keepdims=True), 1)
    own = ItemGraph.from_matrix(normalised(snapshot)).own.mean()
    np.testing.assert_allclose(wide - narrow, 1.5 * ids / own, atol=1e-5)


def test_the_weight_of_the_ids_is_searched(snapshot):
    settings = {"dim": 8, "epochs": 2, "batch_size": 20, "exponent": 0.2}
    model = registry.fit("graphsage_ids", snapshot, settings)
    assert model.searched["wide"] in linear_sage.WIDES
    assert model.searched["exponent"] == 0.2
