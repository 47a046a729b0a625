"""The transition model learns which watch follows which."""

import numpy as np
import pytest

from recommender.ml.data.history import Trail, UserHistory, histories
from recommender.ml.models import registry
from recommender.tests.ml.worlds import make_snapshot, two_communities

CHAINS = ((500, 501, 502, 503), (504, 503, 502), (500, 501, 504))


def chains(**overrides):
    rows = [
        (100 + user, item, 1, day)
        for user, chain in enumerate(CHAINS)
        for day, item in enumerate(chain)
    ]
    return make_snapshot(watched=rows, **overrides)


def solved(fade, regularization, balance=0.0):
    """The ridge regression with explicit rows."""
    inputs, targets, weights = [], [], []
    for chain in CHAINS:
        for place in range(1, len(chain)):
            row, target = np.zeros(5), np.zeros(5)
            for age, item in enumerate(reversed(chain[:place])):
                row[item - 500] = fade**age
            target[chain[place] - 500] = 1
            inputs.append(row)
            targets.append(target)
            weights.append(len(chain) ** -balance)
    x, y, w = np.array(inputs), np.array(targets), np.array(weights)[:, None]
    return np.linalg.solve(x.T @ (w * x) + regularization * np.eye(5), x.T @ (w * y))


@pytest.mark.parametrize("balance", [0.0, 1.0])
def test_it_is_the_ridge_regression_from_faded_watches_to_the_next(balance):
    config = {"recency": 2.0, "regularization": 0.7, "balance": balance}
    model = registry.fit("transition", chains(), config)
    fade = np.exp(-1 / 2)
    matrix = solved(fade, 0.7, balance)
    state = UserHistory(watched=Trail.from_ids([501, 500], time=[2, 1]))
    expected = matrix[1] + fade * matrix[0]
    np.testing.assert_allclose(model.scores([state])[0], expected, atol=1e-5)


def test_the_order_decides_what_is_next():
    model = registry.fit(
        "transition", chains(), {"regularization": 0.1, "recency": 1.0}
    )
    onward = UserHistory(watched=Trail.from_ids([500, 501], time=[1, 2]))
    back = UserHistory(watched=Trail.from_ids([504, 503], time=[1, 2]))
    assert model.recommend(onward, k=1).ids[0] in (502, 504)
    assert model.recommend(back, k=1).ids[0] == 502


def test_only_the_newest_watches_are_used():
    short = registry.fit("transition", chains(), {"length": 2})
    pairs = [chain[-2:] for chain in CHAINS]
    rows = [
        (100 + user, item, 1, day)
        for user, pair in enumerate(pairs)
        for day, item in enumerate(pair)
    ]
    whole = registry.fit("transition", make_snapshot(watched=rows))
    states = histories(chains(), np.arange(3))
    np.testing.assert_allclose(short.scores(states), whole.scores(states), atol=1e-6)


def test_watches_without_an_order_or_too_many_items_are_refused():
    at_once = make_snapshot(watched=[(100, 500, 1, 3), (100, 501, 1, 3)])
    with pytest.raises(ValueError, match="order"):
        registry.fit("transition", at_once)
    with pytest.raises(ValueError, match="max_items"):
        registry.fit("transition", two_communities(), {"max_items": 39})
