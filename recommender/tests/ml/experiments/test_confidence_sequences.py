"""Simulated experiments, read after every person, are wrong as rarely as promised."""

import numpy as np
import pytest

from recommender.ml.experiments import confidence_sequences

PEOPLE = 3000
EXPERIMENTS = 400


def simulated(seed, *, effect=0.0, experiments=EXPERIMENTS, people=PEOPLE):
    """Realistic views a person: many have none, some have very many."""
    random = np.random.default_rng(seed)
    treated = random.random((experiments, people)) < 0.5
    taste = random.gamma(0.7, 4.0, (experiments, people)) * (1 + effect * treated)
    return random.poisson(taste).astype(float), treated


def ever_decided(values, *, planned=PEOPLE):
    """For each experiment, at how many people zero first left the bounds; 0 never."""
    bounds = confidence_sequences.confidence_sequence(values, planned=planned)
    out = (bounds.low > 0) | (bounds.high < 0)
    return np.where(out.any(-1), out.argmax(-1) + 1, 0)


def test_without_a_difference_peeking_finds_one_in_at_most_alpha_of_experiments():
    outcomes, treated = simulated(1)
    values = confidence_sequences.effects(outcomes, treated)
    assert (ever_decided(values) > 0).mean() <= confidence_sequences.ALPHA
    # Looked at as often, the interval of a fixed sample is wrong most of the time.
    count = np.arange(1, PEOPLE + 1)
    mean = values.cumsum(1) / count
    deviation = np.sqrt((values**2).cumsum(1) / count - mean**2)
    naive = np.abs(mean) > 1.96 * deviation / np.sqrt(count)
    assert naive[:, confidence_sequences.MINIMUM :].any(1).mean() > 0.25


def test_without_a_preference_interleaving_finds_none_either():
    random = np.random.default_rng(2)
    scores = random.choice([-1.0, -0.5, 0.0, 0.5, 1.0], (EXPERIMENTS, PEOPLE))
    assert (ever_decided(scores) > 0).mean() <= confidence_sequences.ALPHA


def test_a_difference_as_large_as_planned_is_found_in_time():
    outcomes, _ = simulated(3, experiments=1, people=100_000)
    effect = 0.2
    planned = confidence_sequences.people_needed(
        deviation=2 * outcomes.std(), effect=effect * outcomes.mean()
    )
    outcomes, treated = simulated(4, effect=effect, people=planned)
    values = confidence_sequences.effects(outcomes, treated)
    found = ever_decided(values, planned=planned)
    assert (found > 0).mean() >= confidence_sequences.POWER - 0.05
    assert (values.mean(1) > 0)[found > 0].all()
    # That is the point of looking: most need not run to the end.
    assert np.median(found[found > 0]) < 0.75 * planned


def test_the_effect_is_estimated_without_bias():
    outcomes, treated = simulated(5, effect=0.3)
    truth = 0.3 * 0.7 * 4.0
    estimates = confidence_sequences.effects(outcomes, treated).mean(1)
    error = estimates.std() / np.sqrt(EXPERIMENTS)
    assert estimates.mean() == pytest.approx(truth, abs=4 * error)
    plain = np.array(
        [y[t].mean() - y[~t].mean() for y, t in zip(outcomes, treated, strict=True)]
    )
    assert estimates.std() < 1.05 * plain.std()


def test_bounds_by_hand():
    values = np.array([1.0, 3.0] * 100)
    bounds = confidence_sequences.confidence_sequence(values, planned=200)
    assert np.isinf(bounds.high[0])
    # ln 0.05 = -2.9957: the tuning is 5.9915 + ln 6.9915 = 7.9362 at the planned size.
    width = np.sqrt(2 * 8.9362 / (200 * 7.9362) * np.log(np.sqrt(8.9362) / 0.05))
    assert bounds.mean[-1] == 2
    assert bounds.high[-1] - 2 == pytest.approx(width, rel=1e-3)
    assert width / (1.96 / np.sqrt(200)) == pytest.approx(1.55, abs=0.01)


def test_nothing_is_said_of_few():
    bounds = confidence_sequences.confidence_sequence(np.ones(150), planned=1000)
    assert np.isinf(bounds.low[: confidence_sequences.MINIMUM - 1]).all()
    assert np.isfinite(bounds.low[confidence_sequences.MINIMUM :]).all()


def test_people_needed_grow_with_the_square():
    one = confidence_sequences.people_needed(deviation=1, effect=0.1)
    assert one == pytest.approx(1503, abs=3)  # ((3.035 + 0.842) / 0.1) ^ 2
    half = confidence_sequences.people_needed(deviation=1, effect=0.05)
    assert half == pytest.approx(4 * one, rel=1e-3)


class TestRatioMismatch:
    def test_an_even_draw_passes_at_every_size(self):
        random = np.random.default_rng(6)
        treated = (random.random((300, 2000)) < 0.5).cumsum(1)
        count = np.arange(1, 2001)
        alarms = [
            any(
                confidence_sequences.ratio_mismatch(int(t), int(n - t)) < 0.01
                for t, n in zip(row[::20], count[::20], strict=True)
            )
            for row in treated
        ]
        assert np.mean(alarms) <= 0.02

    def test_an_uneven_one_does_not(self):
        assert confidence_sequences.ratio_mismatch(5000, 5000) == 1.0
        assert confidence_sequences.ratio_mismatch(5300, 4700) < 1e-3
        assert confidence_sequences.ratio_mismatch(4700, 5300) < 1e-3
        assert confidence_sequences.ratio_mismatch(53, 47) > 0.1
