"""Trend features: how much each video is watched, relative to the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recommender.ml.data.snapshot import Edges, FloatArray, TimeArray

DAY = 86_400.0
# Half-lives in days, of watches and of a video's novelty, one for each feature.
TREND_HALF_LIVES = (0.25, 1.0, 3.0, 7.0, 14.0, 30.0, np.inf)
AGE_HALF_LIVES = (1.0, 7.0, 30.0)
TREND_SIZE = len(TREND_HALF_LIVES) + len(AGE_HALF_LIVES)
EDGES_AT_ONCE = 1 << 18


def trends(watched: Edges, created: TimeArray, time: float) -> FloatArray:
    """(n_items, TREND_SIZE): features at ``time``, from earlier watches.

    For each half-life, log(1 + x), with x the decayed engagement relative to the mean
    item's; then novelty, 2^(-age / half-life), 0 where the age is unknown.
    """
    return trends_at(watched, created, [time])[0]


def trends_at(
    watched: Edges, created: TimeArray, times: Sequence[float]
) -> list[FloatArray]:
    """`trends` at each of the rising ``times``; each watch is read once."""
    n_items, moments = len(created), np.asarray(times, np.float64)
    # What came since the moment before, decayed to each moment.
    since = np.zeros((len(TREND_HALF_LIVES), len(moments), n_items))
    for start in range(0, len(watched), EDGES_AT_ONCE):
        chunk = slice(start, start + EDGES_AT_ONCE)
        moment = np.searchsorted(moments, watched.time[chunk], "right")
        past = moment < len(moments)
        moment = moment[past]
        age = (moments[moment] - watched.time[chunk][past]) / DAY
        place = moment * n_items + watched.target[chunk][past]
        weight = watched.weight[chunk][past]
        for total, half_life in zip(since, TREND_HALF_LIVES, strict=True):
            decayed = weight * np.exp2(-age / half_life)
            count = np.bincount(place, weights=decayed, minlength=total.size)
            total += count.reshape(total.shape)
    features = []
    total = np.zeros((len(TREND_HALF_LIVES), n_items))
    half_lives = np.array(TREND_HALF_LIVES)[:, None]
    for number, time in enumerate(moments):
        passed = (time - moments[max(number - 1, 0)]) / DAY
        total = total * np.exp2(-passed / half_lives) + since[:, number]
        features.append(_features(total, created, float(time)))
    return features


def _features(
    total: npt.NDArray[np.float64], created: TimeArray, time: float
) -> FloatArray:
    n_items = len(created)
    features = np.zeros((n_items, TREND_SIZE), np.float32)
    for column, row in enumerate(total):
        if n_items and (mean := row.mean()) > 1e-6:
            features[:, column] = np.log1p(row / mean)
    days = np.maximum(time - created, 0) / DAY
    for column, half_life in enumerate(AGE_HALF_LIVES, len(TREND_HALF_LIVES)):
        features[:, column] = np.where(created > 0, np.exp2(-days / half_life), 0)
    return features
