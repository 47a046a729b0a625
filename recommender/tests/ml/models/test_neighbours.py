import numpy as np
import pytest

from recommender.ml.models.graphsage.neighbours import Timeline
from recommender.tests.ml.worlds import DAY, START, make_snapshot


def timeline():
    rows = [(100, 500, 1, 1), (100, 501, 0.5, 2), (100, 502, 1, 3), (101, 500, 1, 2)]
    skipped = (100, 503, 0, 2)
    return Timeline(make_snapshot(watched=[*rows, skipped]).watched, 4)


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
    remaining = found.without(np.array([1, 4]))
    assert sorted(remaining.target[remaining.row == 0]) == [0, 2]
    assert sorted(remaining.target[remaining.row == 1]) == [0, 1, 2]
    assert set(found.only_rows(np.array([False, True])).row) == {1}


def test_the_edges_of_the_other_end():
    rows = [(100, 500, 1, 3), (101, 500, 0.5, 1), (102, 500, 1, 2), (100, 501, 1, 1)]
    watchers = Timeline(make_snapshot(watched=rows).watched, 5, reverse=True)
    found = watchers.windows(np.array([0, 1]), np.full(2, START + 2.5 * DAY))
    assert list(zip(found.row, found.target, found.rank, strict=True)) == [
        (0, 1, 1),
        (0, 2, 0),
        (1, 0, 0),
    ]
    np.testing.assert_allclose(found.weight, [0.5, 1, 1])


class TestFanOut:
    sources = np.arange(3)
    late = np.full(3, START + 99 * DAY)

    @pytest.fixture
    def crowded(self):
        """User n watched 7 + 5n videos, one a day."""
        rows = [(100 + u, 500 + i, 1, i) for u in range(3) for i in range(7 + 5 * u)]
        return Timeline(make_snapshot(watched=rows, n_items=20).watched, 3)

    def test_it_limits_without_repeating_and_keeps_small_rows_whole(self, crowded):
        for step in range(20):
            found = crowded.windows(self.sources, self.late, fan_out=9, step=step)
            pairs = set(zip(found.row, found.target, strict=True))
            assert len(pairs) == len(found.row)
            np.testing.assert_array_equal(np.bincount(found.row), [7, 9, 9])
            # The rank is that among all edges, which fade by it.
            np.testing.assert_array_equal(
                found.rank, np.array([6, 11, 16])[found.row] - found.target
            )

    def test_every_edge_is_drawn_as_often(self, crowded):
        steps, seen = 6000, np.zeros((3, 20))
        for step in range(steps):
            found = crowded.windows(self.sources, self.late, fan_out=5, step=step)
            np.add.at(seen, (found.row, found.target), 1)
        for user, degree in enumerate((7, 12, 17)):
            share = seen[user, :degree] / steps
            np.testing.assert_allclose(share, 5 / degree, atol=0.03)

    def test_a_draw_depends_on_the_step_and_the_node_alone(self, crowded):
        every = crowded.windows(self.sources, self.late, fan_out=4, step=3)
        one = crowded.windows(np.array([2, 2]), self.late[:2], fan_out=4, step=3)
        for row in (0, 1):
            np.testing.assert_array_equal(
                one.target[one.row == row], every.target[every.row == 2]
            )
        other = crowded.windows(self.sources, self.late, fan_out=4, step=4)
        assert not np.array_equal(other.target, every.target)

    def test_covering_all_it_is_no_limit(self, crowded):
        full = crowded.windows(self.sources, self.late)
        same = crowded.windows(self.sources, self.late, fan_out=17, step=5)
        for name in ("row", "target", "weight", "rank"):
            np.testing.assert_array_equal(getattr(same, name), getattr(full, name))
