"""Confidence sequences: intervals of a running experiment that are valid at any time.

The interval of a fixed sample covers the truth in 95 of 100 experiments if it is read
once. Read every day until it excludes zero, it is wrong far more often. Confidence
sequences cover the truth at all sizes at once in 95 of 100 experiments, so an
experiment can stop at any time. At the planned size they are about 1.5 times as wide.

Asymptotic confidence sequences of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas,
"Time-uniform central limit theory and asymptotic confidence sequences" (Annals of
Statistics 2024, arXiv 2103.06476), theorem 2.2. Because they are asymptotic, bounds are
infinite before `MINIMUM` people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, ndtri

Values = npt.NDArray[np.float64]

ALPHA = 0.05
POWER = 0.8
MINIMUM = 100  # people, before which the normal approximation is not reliable
PRIOR = 50.0  # of each arm, in `ratio_mismatch`: expects mismatches of some per cent


@dataclass(frozen=True, eq=False)
class Bounds:
    """The means of the first 1, 2, ..., n values and their bounds, each (..., n)."""

    mean: Values
    low: Values
    high: Values


def confidence_sequence(
    values: Values, *, planned: int, alpha: float = ALPHA
) -> Bounds:
    """Bounds of the mean of ``values`` (..., n), in order of time.

    They are tightest around ``planned`` values, and infinite before `MINIMUM`.
    """
    count = np.arange(1, values.shape[-1] + 1)
    mean = np.cumsum(values, -1) / count
    variance = np.maximum(np.cumsum(values**2, -1) / count - mean**2, 0)
    scaled = count * _tuning(alpha) / planned
    width = np.sqrt(
        variance
        * (2 * (scaled + 1) / (count * scaled))
        * np.log(np.sqrt(scaled + 1) / alpha)
    )
    width = np.where(count < MINIMUM, np.inf, width)
    return Bounds(mean, mean - width, mean + width)


def people_needed(
    *, deviation: float, effect: float, alpha: float = ALPHA, power: float = POWER
) -> int:
    """The number of values of standard ``deviation`` that detect a mean of ``effect``
    in a share ``power`` of experiments."""
    tuning = _tuning(alpha)
    bound = np.sqrt(2 * (tuning + 1) / tuning * np.log(np.sqrt(tuning + 1) / alpha))
    return int(np.ceil(((bound + ndtri(power)) * deviation / effect) ** 2))


def effects(outcomes: Values, treated: npt.NDArray[np.bool_]) -> Values:
    """(..., n) values whose mean estimates the effect of the treatment.

    Each is twice the outcome minus the mean of earlier outcomes, negated for control:
    augmented inverse-propensity weighting. It is unbiased because each arm has
    probability 1/2, with the variance of a difference of two means.
    """
    before = np.zeros_like(outcomes, np.float64)
    count = np.arange(1, outcomes.shape[-1])
    before[..., 1:] = np.cumsum(outcomes, -1)[..., :-1] / count
    return np.asarray(2 * (outcomes - before) * np.where(treated, 1, -1), np.float64)


def ratio_mismatch(treated: int, control: int) -> float:
    """An always-valid p-value of the hypothesis that both arms are equally likely.

    The inverse Bayes factor of Lindon and Malek, "Anytime-valid inference for
    multinomial count data" (NeurIPS 2022).
    """
    total = treated + control
    evidence = (
        betaln(PRIOR + treated, PRIOR + control)
        - betaln(PRIOR, PRIOR)
        + total * np.log(2)
    )
    return float(np.exp(min(0.0, -evidence)))


def _tuning(alpha: float) -> float:
    """The planned size times rho squared, nearly optimal (ibid., section 2.3)."""
    return float(-2 * np.log(alpha) + np.log(1 - 2 * np.log(alpha)))
