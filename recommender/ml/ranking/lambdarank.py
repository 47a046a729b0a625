"""LambdaRank: decision trees that learn from impressions how to order a list.

Burges, "From RankNet to LambdaRank to LambdaMART" (2010), as in LightGBM. Only `fit`
imports LightGBM; serving uses `lightgbm_forest`.

The position of a video is a feature in training, so that its effect is not attributed
to the video. In ranking it is the same for all (`at_first_position`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ml.data.snapshot import FloatArray, IntArray
from recommender.ml.evaluation import metrics
from recommender.ml.evaluation.interval import Interval, bootstrap, paired_difference
from recommender.ml.ranking.lightgbm_forest import Forest
from recommender.ml.store.artifact import Artifact, ArtifactError

MODEL = "model.txt"
POSITION = "position"
CUTOFF = 10
GRADES = 5  # 0 nothing ... 4 watched to the end and liked

Mask = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Config:
    """``test`` is the share of the newest lists, for evaluation; ``validation`` that of
    the newest of the others, for early stopping."""

    leaves: int = 15
    depth: int = 6
    learning_rate: float = 0.05
    rounds: int = 300
    patience: int = 30
    least_in_leaf: int = 20
    columns_at_once: float = 0.8
    test: float = 0.2
    validation: float = 0.125
    seed: int = 0


@dataclass(frozen=True, eq=False)
class GradedImpressions:
    """Impressions and their outcomes, list after list, the oldest list first.

    ``features`` (n, columns), NaN where unknown; ``grades`` (n,) from 0 to 4; ``lists``
    and ``people`` (n,) ids; ``ranked`` (n,) is False for videos in exploration slots.
    """

    features: FloatArray
    grades: IntArray
    lists: IntArray
    people: IntArray
    ranked: Mask

    def __len__(self) -> int:
        return len(self.grades)

    def select(self, rows: Mask | slice) -> GradedImpressions:
        """The impressions at these rows."""
        return GradedImpressions(
            self.features[rows],
            self.grades[rows],
            self.lists[rows],
            self.people[rows],
            self.ranked[rows],
        )

    def split(self, share: float) -> tuple[GradedImpressions, GradedImpressions]:
        """The older lists, and the newest: about ``share`` of the impressions."""
        cut = int(len(self) * (1 - share))
        # No list is divided.
        cut = int(np.searchsorted(self.lists, self.lists[cut])) if len(self) else 0
        return self.select(slice(None, cut)), self.select(slice(cut, None))


@dataclass(frozen=True, eq=False)
class LambdaRank:
    """A trained ranker: ``text`` in LightGBM's format, ``columns`` the features, and
    ``gain`` the share of each in the total gain."""

    text: str
    forest: Forest
    columns: tuple[str, ...]
    rounds: int
    gain: Mapping[str, float]

    def score(self, features: FloatArray) -> FloatArray:
        """(n,) scores of videos in one list, higher is better."""
        return self.forest.predict(at_first_position(features, self.columns))

    def save(self, path: Path) -> None:
        """Write the trees in LightGBM's text format."""
        path.write_text(self.text)

    def document(self) -> dict[str, Any]:
        """What `load` needs in addition to the trees."""
        return {
            "columns": list(self.columns),
            "rounds": self.rounds,
            "gain": dict(self.gain),
        }


def fit(
    impressions: GradedImpressions, columns: Sequence[str], config: Config
) -> LambdaRank:
    """Train on ``impressions``, with early stopping on the newest.

    Raises `ValueError` if no list has both videos that were watched and others.
    """
    import lightgbm

    train, validation = (
        part.select(_discriminating(part))
        for part in impressions.split(config.validation)
    )
    if not len(train) or not len(validation):
        raise ValueError("no list holds both videos that were watched and others")
    booster = lightgbm.train(
        {
            "objective": "lambdarank",
            "metric": "ndcg",
            "eval_at": [CUTOFF],
            "label_gain": (2 ** np.arange(GRADES) - 1).tolist(),
            "num_leaves": config.leaves,
            "max_depth": config.depth,
            "learning_rate": config.learning_rate,
            "min_data_in_leaf": config.least_in_leaf,
            "feature_fraction": config.columns_at_once,
            "seed": config.seed,
            "deterministic": True,
            "force_row_wise": True,
            "verbose": -1,
        },
        _dataset(train, columns),
        config.rounds,
        valid_sets=[_dataset(validation, columns)],
        callbacks=[lightgbm.early_stopping(config.patience, verbose=False)],
    )
    text = booster.model_to_string(num_iteration=booster.best_iteration)
    gain = booster.feature_importance("gain", iteration=booster.best_iteration)
    return LambdaRank(
        text,
        Forest.parse(text),
        tuple(columns),
        booster.best_iteration,
        {
            name: round(float(share), 4)
            for name, share in zip(columns, gain / max(gain.sum(), 1e-12), strict=True)
        },
    )


def load(artifact: Artifact) -> LambdaRank:
    """Load a saved ranker; raises `ArtifactError`."""
    path = artifact.path(MODEL)
    document = artifact.document("ranker")
    try:
        text = path.read_text()
        forest = Forest.parse(text)
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise ArtifactError(f"{path} cannot be read: {error}") from error
    if forest.n_features != len(document["columns"]):
        raise ArtifactError(f"{path}: the number of features is not that of columns")
    return LambdaRank(
        text,
        forest,
        tuple(document["columns"]),
        document["rounds"],
        document["gain"],
    )


def at_first_position(features: FloatArray, columns: Sequence[str]) -> FloatArray:
    """A copy of ``features`` in which each video has position 1."""
    copied = np.array(features, np.float32)
    copied[:, list(columns).index(POSITION)] = 1
    return copied


def compare(
    ours: FloatArray,
    theirs: FloatArray,
    impressions: GradedImpressions,
    *,
    seed: int = 0,
) -> dict[str, Interval | int]:
    """NDCG@10 of two orders of the same lists and their difference, with intervals
    over resampled people.

    Only ranked videos count (exploration slots have no place in either order), and only
    lists in which their grades differ.
    """
    counted = np.zeros(len(impressions), bool)
    counted[
        np.flatnonzero(impressions.ranked)[
            _discriminating(impressions.select(impressions.ranked))
        ]
    ] = True
    part = impressions.select(counted)
    values = [
        metrics.graded_ndcg(scores[counted], part.grades, part.lists, CUTOFF)
        for scores in (ours, theirs)
    ]
    first = np.unique(part.lists, return_index=True)[1]
    _, person = np.unique(part.people[first], return_inverse=True)
    count = np.bincount(person)
    ours_mean, theirs_mean = (np.bincount(person, each) / count for each in values)
    return {
        "lambdarank": bootstrap(ours_mean, seed=seed),
        "fusion": bootstrap(theirs_mean, seed=seed),
        "difference": paired_difference(ours_mean, theirs_mean, seed=seed),
        "lists": len(first),
        "people": len(count),
        "impressions": len(part),
    }


def _discriminating(impressions: GradedImpressions) -> Mask:
    """Which rows are in lists whose grades differ."""
    _, place = np.unique(impressions.lists, return_inverse=True)
    if not len(place):
        return np.zeros(0, bool)
    greatest = np.full(place.max() + 1, -1)
    least = np.full(place.max() + 1, GRADES)
    np.maximum.at(greatest, place, impressions.grades)
    np.minimum.at(least, place, impressions.grades)
    return np.asarray((greatest > least)[place], bool)


def _dataset(impressions: GradedImpressions, columns: Sequence[str]) -> Any:
    import lightgbm

    _, sizes = np.unique(impressions.lists, return_counts=True)
    return lightgbm.Dataset(
        np.ascontiguousarray(impressions.features),
        impressions.grades,
        group=sizes,
        feature_name=list(columns),
        params={"verbose": -1},
    )
