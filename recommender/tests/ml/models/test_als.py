import numpy as np

from recommender.ml.data.history import Trail, UserHistory
from recommender.ml.models import registry
from recommender.ml.train.budget import Budget
from recommender.tests.ml.worlds import make_snapshot, two_communities


def test_a_user_is_the_minimum_of_the_weighted_squares():
    config = {"factors": 6, "alpha": 3.0, "regularization": 0.7}
    model = registry.fit("als", two_communities(), config)
    weights = np.zeros(40)
    weights[[0, 4, 7]] = 1.0, 0.5, 0.2
    trail = Trail.from_ids([500, 504, 507], weights[[0, 4, 7]])
    x = model.embed_user(UserHistory(watched=trail)).astype(float)

    def loss(x):
        confidence = 1 + 3.0 * weights
        return confidence @ ((weights > 0) - model.vectors @ x) ** 2 + 0.7 * x @ x

    steps = 1e-3 * np.vstack([np.eye(6), -np.eye(6)])
    assert all(loss(x + step) > loss(x) for step in steps)


def test_training_minimises_what_serving_solves():
    losses = []
    registry.fit(
        "als",
        two_communities(),
        {"factors": 8, "iterations": 6},
        lambda step: losses.append(step.loss),
    )
    assert len(losses) == 6
    assert (np.diff(losses) < 0).all()


def test_a_new_video_gets_factors_from_its_watchers():
    rows = [(100 + u, 500 + i, 1, u + i) for u in range(8) for i in range(u % 2, 8, 2)]
    model = registry.fit("als", make_snapshot(watched=rows, n_users=8, n_items=8))
    rows += [(100, 508, 1, 20), (102, 508, 1, 21)]
    newer = make_snapshot(watched=rows, n_users=8, n_items=10)
    renewed = model.renewed(newer)
    assert set(renewed.similar(508, k=4).ids) == {500, 502, 504, 506}
    np.testing.assert_array_equal(renewed.vectors[:8], model.vectors)
    assert not renewed.vectors[9].any()


def test_training_ends_when_the_budget_is_spent():
    steps = []
    budget = Budget(seconds=0.0)
    registry.fit("als", two_communities(), {}, steps.append, budget=budget)
    assert [step.epoch for step in steps] == [1]
