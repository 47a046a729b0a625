"""How many interests a history has, and which videos represent them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from recommender.ml.data.features import unit
from recommender.ml.ranking.interest_clusters import interests, silhouette


def clustered_vectors(*sizes, d=16, spread=0.3, seed=0):
    """Unit vectors around as many directions as there are sizes."""
    random = np.random.default_rng(seed)
    centres = np.linalg.qr(random.normal(size=(d, d)))[0]
    return np.concatenate(
        [
            unit(centre + spread * random.normal(size=(size, d)) / np.sqrt(d) * 2)
            for centre, size in zip(centres, sizes, strict=False)
        ]
    )


@pytest.mark.parametrize(
    "sizes", [(12,), (8, 5), (9, 6, 4), (6, 6, 5, 4), (7, 6, 5, 4, 3)]
)
def test_each_interest_is_found_with_its_members(sizes):
    found = interests(clustered_vectors(*sizes), np.ones(sum(sizes)))
    ends = np.cumsum([0, *sizes])
    expected = [list(range(a, b)) for a, b in pairwise(ends)]
    assert sorted(each.members.tolist() for each in found) == expected
    assert [each.weight for each in found] == sorted(sizes, reverse=True)
    for each in found:
        assert each.medoid in each.members


@pytest.mark.parametrize("seed", range(8))
def test_a_single_interest_is_not_divided(seed):
    assert len(interests(clustered_vectors(30, seed=seed), np.ones(30))) == 1


def test_there_are_at_most_five():
    vectors = clustered_vectors(*[4] * 8)
    assert 1 <= len(interests(vectors, np.ones(32))) <= 5


def test_the_medoid_is_the_one_in_the_middle_and_weights_pull_it():
    angles = np.deg2rad([0, 10, 20, 40, 60])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    (even,) = interests(vectors, np.ones(5), most=1)
    assert even.medoid == 2
    (pulled,) = interests(vectors, [1, 1, 1, 1, 50], most=1)
    assert pulled.medoid == 4


def test_the_interest_of_greatest_weight_comes_first():
    vectors = clustered_vectors(3, 9)
    heavy = np.array([5.0] * 3 + [1.0] * 9)
    assert [len(each.members) for each in interests(vectors, heavy)] == [3, 9]


def test_equal_input_gives_equal_output_and_nothing_gives_nothing():
    vectors = clustered_vectors(6, 5)
    first, second = (interests(vectors, np.ones(11)) for _ in range(2))
    assert [each.medoid for each in first] == [each.medoid for each in second]
    assert interests(np.empty((0, 4), np.float32), []) == []
    assert len(interests(vectors[:1], [1.0])) == 1
    assert len(interests(vectors[:2], [1.0, 1.0])) == 1


def test_the_silhouette_by_hand():
    # On a line at 0, 1, 10: for 0, a = 1 and b = 10; for 1, a = 1 and b = 9; the third
    # is alone.
    place = np.array([0.0, 1, 10])
    distance = np.abs(place[:, None] - place)
    expected = (0.9 + 8 / 9 + 0) / 3
    assert silhouette(distance, np.array([0, 0, 2])) == pytest.approx(expected)
