"""Labels of two communities, inferred from a few."""

import numpy as np
import pytest

from recommender.ml.labels import label_propagation
from recommender.tests.ml.worlds import two_communities


@pytest.fixture(scope="module")
def snapshot():
    return two_communities()


def flags(*rows):
    return np.array(rows, bool)


def test_neighbours_are_symmetric_and_of_the_own_community(snapshot):
    graph = label_propagation.neighbourhood(snapshot, neighbours=5)
    np.testing.assert_allclose(graph, graph.T)
    assert not np.diag(graph).any()
    own = np.arange(40)[:, None] % 2 == np.arange(40) % 2
    assert graph[own].sum() > 3 * graph[~own].sum()


def test_labels_spread_along_a_path():
    # 0 - 1 - 2 and 3 apart; half of what a video has is its own.
    graph = np.zeros((4, 4))
    graph[0, 1] = graph[1, 0] = graph[1, 2] = graph[2, 1] = 0.5**0.5
    reach = label_propagation.influence(graph, restart=0.5)
    # (I - S/2)^-1 / 2 of that path, worked out by hand.
    np.testing.assert_allclose(reach[0, :3], [7 / 12, 2**0.5 / 6, 1 / 12])
    labels = flags([1, 0], [0, 0], [0, 1], [0, 0])
    found = label_propagation.propagate(reach, labels)
    np.testing.assert_allclose(found[:3], [[7 / 8, 1 / 8], [0.5, 0.5], [1 / 8, 7 / 8]])
    assert not found[3].any()


def test_without_own_a_video_gets_what_it_would_get_unlabelled(snapshot):
    graph = label_propagation.neighbourhood(snapshot, neighbours=8)
    reach = label_propagation.influence(graph, restart=0.2)
    labels = np.zeros((40, 2), bool)
    labels[np.arange(20), np.arange(20) % 2] = True
    everyone = label_propagation.propagate(reach, labels, without_own=True)
    for video in (0, 7):
        others = labels.copy()
        others[video] = False
        np.testing.assert_allclose(
            everyone[video], label_propagation.propagate(reach, others)[video]
        )


def test_the_head_labels_the_others_and_weighs_its_blocks():
    random = np.random.default_rng(0)
    truth = np.zeros((400, 2), bool)
    truth[np.arange(400), np.arange(400) % 2] = True
    noise = random.normal(size=(400, 60))
    hint = truth[:, :1] + random.normal(size=(400, 1)) * 0.3
    known = np.arange(40)
    head = label_propagation.LabelHead.fit([noise, hint], truth, known)
    found = label_propagation.assign(head.scores([noise, hint]), truth[known].mean(0))
    assert label_propagation.macro_f1(found[40:], truth[40:]) > 0.9


def test_each_category_gets_its_share():
    scores = np.array([[3, 0], [2, 1], [1, 2], [0, 3]], float)
    found = label_propagation.assign(scores, np.array([0.5, 0.25]))
    np.testing.assert_array_equal(found, flags([1, 0], [1, 0], [0, 0], [0, 1]))


def test_macro_f1():
    found = flags([1, 0, 0], [1, 1, 0], [0, 1, 0])
    truth = flags([1, 0, 0], [0, 1, 0], [1, 1, 0])
    # 1 right of 2 and 2: 1/2; 2 right of 2 and 2: 1; the third never occurs.
    assert label_propagation.macro_f1(found, truth) == 0.75
    # Without the second row: 1 of 1 and 2: 2/3; 1 of 1 and 1: 1.
    weighted = label_propagation.macro_f1(found, truth, np.array([1.0, 0, 1]))
    assert weighted == pytest.approx((2 / 3 + 1) / 2)
