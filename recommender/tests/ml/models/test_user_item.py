import numpy as np

from recommender.ml.data.history import Trail, UserHistory
from recommender.ml.data.snapshot import Links
from recommender.ml.models import registry
from recommender.ml.models.legacy.user_item import CLICKED, WATCHED, is_watched
from recommender.tests.ml.worlds import make_snapshot


def test_watched_is_more_than_half_whether_liked_or_not():
    fraction = np.array([0.0, 0.5, 0.51, 0.5, 0.9])
    liked = np.array([False, False, False, True, True])
    score = 0.6 * fraction + 0.4 * liked
    expected = [False, False, True, False, True]
    assert is_watched(score, liked, 0.5).tolist() == expected
    assert is_watched(score, liked, 0.8).tolist() == [False] * 4 + [True]


def world():
    """500 and 501 are watched together, 500 and 502 clicked; the rest has no view."""
    rows = [(100 + user, item, 0.54, user) for user in range(3) for item in (500, 501)]
    rows += [(103, item, 0.2, 1) for item in (500, 502)]
    rows += [(102, 502, 0.2 + 0.4, 1)]  # a third of it seen, and liked
    return make_snapshot(watched=rows, relations={"liked": Links([102], [502])})


def test_every_result_carries_its_label():
    model = registry.fit("user_item", world())
    hits = model.recommend(UserHistory(watched=Trail.from_ids([500], 0.54)), k=2)
    assert hits.ids.tolist() == [501, 502]
    assert hits.labels == (WATCHED, CLICKED)
    similar = model.similar(501, k=1)
    assert (similar.ids.tolist(), similar.labels) == ([500], (WATCHED,))
    assert model.labels(np.array([503, 9999])) == (CLICKED, CLICKED)
    assert model.similar(9999, k=3).labels == ()


def test_the_matrix_holds_the_labels():
    model = registry.fit("user_item", world(), {"shrinkage": 0.0, "clicked": 0.5})
    scores = model.scores([UserHistory(watched=Trail.from_ids([501], 0.54))])[0]
    # Columns: 500 (1, 1, 1, .5), 501 (1, 1, 1, 0), 502 (0, 0, .5, .5).
    expected = [3 / np.sqrt(3.25 * 3), 0, 0.5 / np.sqrt(3 * 0.5), 0, 0]
    np.testing.assert_allclose(scores, expected, rtol=1e-5)
    clicked = model.scores([UserHistory(watched=Trail.from_ids([501], 0.2))])[0]
    np.testing.assert_allclose(clicked, np.array(expected) / 2, rtol=1e-5)


def test_the_threshold_is_a_setting():
    watched = UserHistory(watched=Trail.from_ids([501], 0.54))
    strict = registry.fit("user_item", world(), {"watched_from": 0.95})
    assert strict.recommend(watched, k=1).labels == (CLICKED,)
