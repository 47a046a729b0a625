import numpy as np

from recommender.ml.data.scaler import Scaler

NAN = np.nan


def test_missing_values_are_imputed_and_flagged():
    scaler = Scaler.fit([[0, 10, NAN], [4, NAN, NAN], [1, 30, NAN]])
    assert scaler.size == 6
    np.testing.assert_allclose(
        scaler.scale([[2, NAN, 7], [NAN, 25, NAN], [99, -5, 0]]),
        [
            [0.5, 0.5, 1, 0, 1, 0],
            [5 / 12, 0.75, 0, 1, 0, 1],
            [1, 0, 0, 0, 0, 0],
        ],
        rtol=1e-6,
    )


def test_restored_it_scales_the_same():
    scaler = Scaler.fit(np.random.default_rng(0).normal(size=(20, 3)))
    values = [[0.1, NAN, -0.4]]
    again = Scaler.restore(scaler.array())
    np.testing.assert_array_equal(again.scale(values), scaler.scale(values))
