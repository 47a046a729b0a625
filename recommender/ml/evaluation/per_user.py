"""A run's metrics of each person, stored with the run for paired comparisons.

Comparing two runs on one holdout person by person shows differences that are smaller
than the intervals of either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from recommender.ml.evaluation.interval import Interval, paired_difference
from recommender.ml.evaluation.metrics import Values
from recommender.ml.store.artifact import Artifact, ArtifactError

FILE = "per_user.npz"
METRICS = ("recall@20", "ndcg@20", "ndcg@10", "hr@10", "map@20", "novelty@20")

PerUser = Mapping[str, Values]


def writer(values: PerUser) -> Mapping[str, Callable[[Path], None]]:
    """A file for `registry.save`; ``values`` are (users,) by metric."""
    arrays = {name: values[name].astype(np.float32) for name in METRICS}

    def write(path: Path) -> None:
        with path.open("wb") as stream:
            np.savez_compressed(stream, allow_pickle=False, **arrays)

    return {FILE: write}


def read(folder: Path) -> PerUser:
    """Read the metrics of each person from a run's folder; raises `ArtifactError`."""
    path = Artifact(folder, verify=False).path(FILE)
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name].astype(np.float64) for name in stored.files}
    except (OSError, ValueError, EOFError) as error:
        raise ArtifactError(f"{path} is not readable: {error}") from error


def differences(ours: PerUser, theirs: PerUser, *, seed: int) -> dict[str, Interval]:
    """By metric, the mean of ``ours - theirs`` over the same people."""
    return {
        name: paired_difference(ours[name], theirs[name], seed=seed)
        for name in METRICS
        if name in ours and name in theirs
    }
