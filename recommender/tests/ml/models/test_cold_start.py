"""Vectors of videos without watches are mapped to those of watched videos."""

import numpy as np
import pytest

from recommender.ml.models.graphsage.cold_start import ColdStartMap


def test_new_videos_are_mapped_near_watched_ones_with_the_same_spread():
    random = np.random.default_rng(0)
    new = random.normal(size=(400, 6)).astype(np.float32) * 0.2 + 1
    turned = np.linalg.qr(random.normal(size=(6, 6)))[0]
    noise = random.normal(size=new.shape)
    watched = ((new - 1) @ turned * 3 + 0.5 * noise - 2).astype(np.float32)
    cold_start = ColdStartMap.fit(new[:300], watched[:300])
    placed = cold_start(new[300:])
    assert placed.mean(0) == pytest.approx(watched.mean(0), abs=0.2)
    assert placed.std() == pytest.approx(watched.std(), rel=0.1)
    before = np.linalg.norm(new[300:] - watched[300:], axis=1).mean()
    after = np.linalg.norm(placed - watched[300:], axis=1).mean()
    assert after < 0.6 * before


@pytest.mark.parametrize("videos", [0, 1])
def test_without_videos_to_learn_from_it_is_the_identity(videos):
    some = np.ones((videos, 3), np.float32)
    new = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert (ColdStartMap.fit(some, some)(new) == new).all()


def test_constant_features_are_mapped_to_the_mean():
    watched = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    placed = ColdStartMap.fit(np.ones_like(watched), watched)(
        np.ones((2, 3), np.float32)
    )
    assert placed == pytest.approx(np.tile(watched.mean(0), (2, 1)), abs=1e-5)
