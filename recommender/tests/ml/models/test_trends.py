import numpy as np

from recommender.ml.models.graphsage.trends import (
    AGE_HALF_LIVES,
    TREND_HALF_LIVES,
    trends,
)
from recommender.tests.ml.worlds import DAY, START, make_snapshot


def test_trends_decay_by_half_lives_and_ignore_the_future():
    snapshot = make_snapshot(
        watched=[(100, 500, 1, 3), (101, 501, 1, 10), (102, 502, 1, 11)],
        created=[START + d * DAY for d in (0, 9, 10, 10, 10)],
    )
    found = trends(snapshot.watched, snapshot.created, START + 10 * DAY + 1)
    week = found[:, TREND_HALF_LIVES.index(7.0)]
    # A watch a week old counts half of one just now: 0.5 and 1 over a mean of 0.3.
    np.testing.assert_allclose(week, np.log1p([0.5 / 0.3, 1 / 0.3, 0, 0, 0]), rtol=1e-4)
    novelty = found[:, len(TREND_HALF_LIVES) + AGE_HALF_LIVES.index(1.0)]
    np.testing.assert_allclose(novelty, [2.0**-10, 0.5, 1, 1, 1], rtol=1e-4)
