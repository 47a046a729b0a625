"""What a run scored for each person, kept beside it: runs are compared in pairs.

Two runs judged on one holdout are compared person by person, which shows differences
that two intervals beside each other hide.
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
    """The file for `models.save`; ``values`` are (users,) by metric."""
    kept = {name: values[name].astype(np.float32) for name in METRICS}

    def write(path: Path) -> None:
        with path.open("wb") as stream:
            np.savez_compressed(stream, allow_pickle=False, **kept)

    return {FILE: write}


def read(folder: Path) -> PerUser:
    """What `writer` wrote into a run's folder; raises `ArtifactError`."""
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
