"""Thompson sampling: which new videos to show, and with which propensity.

The engagement rate of a new video has a Beta posterior. A slot goes to the video with
the greatest draw from its posterior (Thompson 1933; Chapelle & Li, NeurIPS 2011): to
promising or unknown videos rather than failed ones. Some slots go to a video drawn
uniformly from all; they are unbiased data to evaluate any ranking with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.ml.data.snapshot import IntArray

DRAWS = 200
PRIOR_RATE = 0.1  # of impressions that lead to a view
PRIOR_STRENGTH = 10.0  # the impressions that the prior is worth

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ExplorationCandidate:
    """A video for a slot and its propensity: the probability that this slot got it.

    ``uniform`` is True if it was drawn from all videos instead of by its posterior.
    """

    video_id: int
    propensity: float
    uniform: bool


def posterior(shown: npt.ArrayLike, engaged: npt.ArrayLike) -> tuple[Values, Values]:
    """Parameters (n,) of Beta, from impressions and those that led to a view.

    The prior is worth `PRIOR_STRENGTH` impressions. Its mean is the rate of all these
    videos together, itself shrunk towards `PRIOR_RATE`.
    """
    trials = np.asarray(shown, np.float64)
    successes = np.minimum(np.asarray(engaged, np.float64), trials)
    weight = PRIOR_STRENGTH
    rate = (successes.sum() + weight * PRIOR_RATE) / (trials.sum() + weight)
    return weight * rate + successes, weight * (1 - rate) + trials - successes


def choose(
    arms: IntArray,
    draws: Values,
    sample: Sequence[int],
    *,
    total: int,
    slots: int,
    uniform: float,
    generator: np.random.Generator,
) -> list[ExplorationCandidate | None]:
    """Fill ``slots`` one after the other; None leaves a slot to the ranking.

    ``draws`` (m, len(arms)) are from the posteriors of the videos ``arms``. A slot uses
    one random row, so the probability of a video is the share of rows in which it is
    the greatest: exact, given the draws. ``sample`` holds at least ``slots`` (or all)
    of the ``total`` videos in random order; with probability ``uniform`` a slot takes
    the next of them.
    """
    left = np.ones(len(arms), bool)
    chosen: list[ExplorationCandidate | None] = []
    taken: set[int] = set()
    for _ in range(slots):
        shares = win_shares(draws, left)
        uniform_share = uniform / max(total - len(taken), 1)
        is_uniform = bool(generator.random() < uniform)
        picked: int | None = None
        if is_uniform:
            picked = next((key for key in sample if key not in taken), None)
        elif left.any():
            picked = int(arms[generator.choice(len(arms), p=shares)])
        if picked is None:
            chosen.append(None)
            continue
        by_posterior = (1 - uniform) * float(shares[arms == picked].sum())
        chosen.append(
            ExplorationCandidate(picked, uniform_share + by_posterior, is_uniform)
        )
        taken.add(picked)
        left &= arms != picked
    return chosen


def win_shares(draws: Values, left: npt.NDArray[np.bool_]) -> Values:
    """(n,): the share of rows of ``draws`` (m, n) in which each of the videos ``left``
    (n,) is the greatest; all 0 if none is left."""
    if not left.any():
        return np.zeros(len(left))
    best = np.argmax(np.where(left, draws, -1.0), axis=1)
    return np.bincount(best, minlength=len(left)) / len(draws)
