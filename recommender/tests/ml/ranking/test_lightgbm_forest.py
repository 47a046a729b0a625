"""LightGBM's trees in numpy give what LightGBM gives, missing values included."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest

from recommender.ml.ranking.lightgbm_forest import Forest


def rows(n=400, seed=0):
    random = np.random.default_rng(seed)
    values = random.normal(size=(n, 5)).astype(np.float32)
    values[:, 1][random.random(n) < 0.4] = np.nan
    values[:, 2] = np.round(values[:, 2])
    return values


def booster(values, rounds=20, **parameters):
    target = np.nan_to_num(values[:, 1], nan=3.0) * values[:, 0] + values[:, 2]
    settings = {"objective": "regression", "verbose": -1, "min_data_in_leaf": 5}
    return lightgbm.train(
        settings | parameters, lightgbm.Dataset(values, target), rounds
    )


@pytest.mark.parametrize("leaves", [2, 7, 31])
def test_predictions_are_those_of_lightgbm(leaves):
    trained = booster(rows(), num_leaves=leaves)
    forest = Forest.parse(trained.model_to_string())
    values = rows(300, seed=1)
    values[:20, 0] = np.nan  # missing where training missed nothing
    expected = trained.predict(values)
    np.testing.assert_allclose(forest.predict(values), expected, rtol=1e-5, atol=1e-5)
    assert np.ptp(expected) > 1


def test_a_tree_without_splits_is_a_constant():
    values = rows(60)
    trained = booster(values, rounds=1, min_data_in_leaf=100)
    forest = Forest.parse(trained.model_to_string())
    assert forest.depth == 0
    np.testing.assert_allclose(
        forest.predict(values), trained.predict(values), rtol=1e-6
    )


def test_other_texts_and_shapes_are_refused():
    with pytest.raises(ValueError, match="not a model"):
        Forest.parse("tree\nversion=v4\n")
    forest = Forest.parse(booster(rows()).model_to_string())
    with pytest.raises(ValueError, match="shape"):
        forest.predict(rows()[:, :3])


def test_categorical_splits_are_refused():
    values = rows()
    data = lightgbm.Dataset(
        np.abs(values[:, 2:3]).copy(), values[:, 0].copy(), categorical_feature=[0]
    )
    settings = {"verbose": -1, "min_data_in_leaf": 5, "min_data_per_group": 5}
    trained = lightgbm.train(settings | {"cat_smooth": 1}, data, 3)
    with pytest.raises(ValueError, match="categorical"):
        Forest.parse(trained.model_to_string())
