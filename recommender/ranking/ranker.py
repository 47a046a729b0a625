"""The learned ranker that orders feeds; without one, ranks are fused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recommender.ml.data.snapshot import FloatArray
from recommender.ml.ranking import lambdarank
from recommender.ml.ranking.lambdarank import LambdaRank
from recommender.ml.store.artifact import Artifact, ArtifactError
from recommender.models import RankerActivation, RankerRun
from recommender.ranking.features import FEATURES, SHOWN, FeatureRows
from recommender.registry.activation import Kind
from recommender.registry.serving import ActiveRun


@dataclass(frozen=True, eq=False)
class Ranker:
    """A learned order of the videos of one list."""

    run_id: str
    learned: LambdaRank

    def score(self, rows: FeatureRows) -> FloatArray:
        """(n,) for rows of `features.rows`, higher is better."""
        return self.learned.score(rows[:, SHOWN].astype("f4"))


def load(folder: Path) -> Ranker:
    """The ranker of an artifact folder; raises `ArtifactError` if it cannot serve."""
    learned = lambdarank.load(Artifact(folder))
    if learned.columns != FEATURES:
        raise ArtifactError(f"{folder} was trained with other columns: train again")
    return Ranker(folder.name, learned)


RANKERS: Kind[RankerRun, Ranker] = Kind(
    "ranker", RankerRun, RankerActivation, load, default="reciprocal rank fusion"
)
# Returns None where ranks are fused.
active_ranker = ActiveRun(RANKERS, fault="Ranks are fused").get
