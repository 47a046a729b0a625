import numpy as np

from recommender.ml.sampling import Timeline
from recommender.tests.ml.worlds import DAY, START, make_snapshot


def timeline():
    rows = [(100, 500, 1, 1), (100, 501, 0.5, 2), (100, 502, 1, 3), (101, 500, 1, 2)]
    skipped = (100, 503, 0, 2)
    return Timeline(make_snapshot(watched=[*rows, skipped]).watched)


def windows(users, days, size=None):
    times = START + np.array(days) * DAY
    return timeline().windows(np.array(users), times, size)


def test_windows_hold_the_newest_edges_strictly_before():
    found = windows([0, 0, 1, 1, 2], [3, 10, 2, 2.5, 10], size=2)
    pairs = set(zip(found.row, found.target, found.rank, strict=True))
    assert pairs == {(0, 1, 0), (0, 0, 1), (1, 2, 0), (1, 1, 1), (3, 0, 0)}
    assert found.rows == 5
    assert len(windows([0], [10]).row) == 3


def test_means_weigh_strength_and_newness():
    matrix = windows([0, 1], [10, 1]).mean(5, fade=2.0).toarray()
    raw = np.array([np.exp(-1), 0.5 * np.exp(-0.5), 1])
    np.testing.assert_allclose(matrix[0, :3], raw / raw.sum(), rtol=1e-6)
    np.testing.assert_array_equal(matrix[1], np.zeros(5))


def test_targets_and_rows_can_be_left_out():
    found = windows([0, 0], [10, 10])
    kept = found.without(np.array([1, 4]))
    assert sorted(kept.target[kept.row == 0]) == [0, 2]
    assert sorted(kept.target[kept.row == 1]) == [0, 1, 2]
    assert set(found.of_rows(np.array([False, True])).row) == {1}
