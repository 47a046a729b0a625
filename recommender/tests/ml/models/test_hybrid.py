import numpy as np
import pytest

from recommender.ml.data.history import histories
from recommender.ml.models import registry
from recommender.ml.models.legacy.hybrid import GRID, scaled
from recommender.tests.ml.worlds import two_communities


def test_scores_are_scaled_for_each_person():
    scores = np.array([[2.0, 4.0, 3.0, 0.0], [50.0, 10.0, 30.0, 20.0], [7, 7, 7, 7]])
    np.testing.assert_allclose(
        scaled(scores, 4), [[0.5, 1, 0.75, 0], [1, 0, 0.5, 0.25], [0] * 4]
    )
    np.testing.assert_allclose(scaled(scores, 2)[:2], [[0, 1, 0, 0], [1, 0, 0, 0]])


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_the_weight_is_that_of_als(weight):
    world = two_communities()
    hybrid, als, content = (
        registry.fit(name, world, config)
        for name, config in (
            ("hybrid", {"weight": weight}),
            ("als", {}),
            ("content", {}),
        )
    )
    states = histories(world, np.arange(5))
    expected = weight * scaled(als.scores(states), 40)
    expected += (1 - weight) * scaled(content.scores(states), 40)
    np.testing.assert_allclose(hybrid.scores(states), expected, atol=1e-3)
    assert hybrid.searched == {"weight": weight}


def test_what_the_indexes_find_is_ranked_as_the_scores_are():
    world = two_communities()
    model = registry.fit("hybrid", world, {"weight": 0.4, "candidates": 12})
    for state in histories(world, np.arange(10)):
        hits = model.recommend(state, k=3)
        scores = model.scores([state])[0]
        scores[np.isin(model.item_ids, state.watched.ids)] = -1
        np.testing.assert_allclose(hits.scores, np.sort(scores)[::-1][:3], atol=1e-5)


def test_the_weight_is_tuned_on_validation_where_none_is_set():
    world = two_communities(users=100)
    model = registry.fit("hybrid", world)
    assert model.searched["weight"] in GRID
    again = registry.fit("hybrid", world, dict(model.searched))
    states = histories(world, np.arange(5))
    np.testing.assert_allclose(again.scores(states), model.scores(states), atol=1e-3)


def test_a_weight_out_of_range_is_refused():
    with pytest.raises(ValueError, match="within 0 and 1"):
        registry.fit("hybrid", two_communities(), {"weight": 1.5})
