"""Which videos to try out, and with which chance: Thompson sampling.

The chance that somebody engages with a new video is not known; what is believed of it
is a Beta distribution. A slot goes to the video whose draw from its own is greatest
(Thompson 1933; Chapelle & Li, NeurIPS 2011), so that what is promising or unknown is
shown, and what has failed is not. Now and then a slot goes to any video at all: these
are a fair sample of the statistics, by which every ranking can be judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.ml.data.snapshot import IntArray

DRAWS = 200
PRIOR_RATE = 0.1  # of impressions that lead to a view, before anything is known
PRIOR_STRENGTH = 10.0  # impressions that the prior counts for

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ExplorationCandidate:
    """A video for a slot and its propensity: the chance that this slot had to get it.

    ``uniform`` says that it was drawn from all videos rather than by its posterior.
    """

    video_id: int
    propensity: float
    uniform: bool


def posterior(shown: npt.ArrayLike, engaged: npt.ArrayLike) -> tuple[Values, Values]:
    """Parameters (n,) of Beta, from impressions and those of them that engaged.

    The prior is as sure as `PRIOR_STRENGTH` impressions and lies at the rate of all
    these videos together, itself drawn towards `PRIOR_RATE`.
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

    ``draws`` (m, len(arms)) come from the posteriors of the videos ``arms``; a slot
    follows one row of them, chosen at random. So the chance of a video is the share of
    rows that it leads: exact, given the draws, and not an estimate. ``sample`` holds
    at least ``slots`` (or all) of the ``total`` videos in random order, of which a
    slot takes the next one with the chance ``uniform``.
    """
    left = np.ones(len(arms), bool)
    chosen: list[ExplorationCandidate | None] = []
    taken: set[int] = set()
    for _ in range(slots):
        leads = leading(draws, left)
        anything = uniform / max(total - len(taken), 1)
        is_uniform = bool(generator.random() < uniform)
        picked: int | None = None
        if is_uniform:
            picked = next((key for key in sample if key not in taken), None)
        elif left.any():
            picked = int(arms[generator.choice(len(arms), p=leads)])
        if picked is None:
            chosen.append(None)
            continue
        by_posterior = (1 - uniform) * float(leads[arms == picked].sum())
        chosen.append(ExplorationCandidate(picked, anything + by_posterior, is_uniform))
        taken.add(picked)
        left &= arms != picked
    return chosen


def leading(draws: Values, left: npt.NDArray[np.bool_]) -> Values:
    """(n,): the share of rows of ``draws`` (m, n) in which each of the ``left`` is the
    greatest; 0 throughout when none is left."""
    if not left.any():
        return np.zeros(len(left))
    best = np.argmax(np.where(left, draws, -1.0), axis=1)
    return np.bincount(best, minlength=len(left)) / len(draws)
