"""Thompson sampling: posteriors, choices and propensities."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest

from recommender.ml.ranking import thompson

ARMS = np.array([11, 12, 13, 14])
EVERY = [*ARMS.tolist(), 21, 22, 23, 24, 25, 26]


def choose(generator, *, slots=3, uniform=0.3):
    alpha, beta = thompson.posterior((0, 5, 50, 50), (0, 2, 1, 20))
    draws = generator.beta(alpha, beta, (50, len(ARMS)))
    sample = generator.permutation(EVERY)[:slots].tolist()
    return thompson.choose(
        ARMS,
        draws,
        sample,
        total=len(EVERY),
        slots=slots,
        uniform=uniform,
        generator=generator,
    )


def test_the_posterior_by_hand():
    # 20 impressions, 4 engaged: with the prior's 10 at 10 %, 5 of 30.
    alpha, beta = thompson.posterior([20, 0], [4, 0])
    rate = 5 / 30
    assert alpha.tolist() == pytest.approx([10 * rate + 4, 10 * rate])
    assert beta.tolist() == pytest.approx([10 * (1 - rate) + 16, 10 * (1 - rate)])


def test_the_shares_of_wins_by_hand():
    draws = np.array(
        [[0.9, 0.1, 0.2], [0.3, 0.8, 0.7], [0.4, 0.5, 0.6], [0.9, 0.8, 0.1]]
    )
    everyone = np.ones(3, bool)
    assert thompson.win_shares(draws, everyone).tolist() == [0.5, 0.25, 0.25]
    first_gone = np.array([False, True, True])
    assert thompson.win_shares(draws, first_gone).tolist() == [0, 0.5, 0.5]
    assert thompson.win_shares(draws, ~everyone).tolist() == [0, 0, 0]


def test_the_chances_of_a_slot_sum_up_to_one():
    """Over many runs, the appearances of each video, weighted by 1 / propensity, sum up
    to one for each slot: weights of 1 / propensity are unbiased."""
    generator = np.random.default_rng(5)
    runs = 2500
    weight: dict[int, Counter[int]] = defaultdict(Counter)
    for _ in range(runs):
        for slot, explorer in enumerate(choose(generator, slots=2)):
            assert 0 < explorer.propensity <= 1
            weight[slot][explorer.video_id] += 1 / explorer.propensity / runs
    assert set(weight[0]) == set(EVERY)
    for key in EVERY:
        assert weight[0][key] == pytest.approx(1, abs=0.25)
    # The second slot can have all but the video of the first.
    assert sum(weight[1].values()) == pytest.approx(len(EVERY) - 1, rel=0.1)


def test_the_propensity_is_how_often_a_video_is_chosen():
    draws = np.random.default_rng(1).beta(1, 3, (40, len(ARMS)))
    generator = np.random.default_rng(2)
    found: Counter[int] = Counter()
    propensities = {}
    for _ in range(4000):
        sample = generator.permutation(EVERY)[:1].tolist()
        (explorer,) = thompson.choose(
            ARMS, draws, sample, total=10, slots=1, uniform=0.3, generator=generator
        )
        found[explorer.video_id] += 1
        propensities[explorer.video_id] = explorer.propensity
    assert sum(propensities.values()) == pytest.approx(1)
    for key, chance in propensities.items():
        assert found[key] / 4000 == pytest.approx(chance, abs=0.03)


def test_the_promising_and_the_unknown_are_tried_the_failed_is_not():
    generator = np.random.default_rng(3)
    chosen = Counter(
        explorer.video_id
        for _ in range(500)
        for explorer in choose(generator, slots=1, uniform=0.0)
    )
    assert chosen[14] > 250  # 20 of 50
    assert chosen[12] > chosen[13]  # 2 of 5 against 1 of 50
    assert chosen[13] < 10


def test_nothing_is_chosen_twice_and_slots_without_a_video_stay_free():
    generator = np.random.default_rng(4)
    for _ in range(200):
        keys = [e.video_id for e in choose(generator, slots=8) if e is not None]
        assert len(keys) == len(set(keys))
    nothing = thompson.choose(
        np.empty(0, np.int64),
        np.empty((50, 0)),
        [],
        total=0,
        slots=3,
        uniform=0.5,
        generator=generator,
    )
    assert nothing == [None, None, None]


def test_a_uniform_slot_is_labelled_and_fair():
    generator = np.random.default_rng(6)
    fair = Counter(
        explorer.video_id
        for _ in range(2500)
        for explorer in choose(generator, slots=1)
        if explorer.uniform
    )
    total = sum(fair.values())
    assert total / 2500 == pytest.approx(0.3, abs=0.03)
    for key in EVERY:
        assert fair[key] / total == pytest.approx(0.1, abs=0.04)
