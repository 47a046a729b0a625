"""The older systems' hybrid: a weighted sum of collaborative and content scores.

ALS and content embeddings, each with an index, find candidates. For each user the
scores of a source are min-max scaled over its candidates, from 0 for the last (and for
all other items) to 1 for the best. ALS has ``weight``, content the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ml.data import splits
from recommender.ml.data.history import UserHistory
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, positions
from recommender.ml.data.splits import Holdout
from recommender.ml.evaluation import evaluate
from recommender.ml.models import als, content
from recommender.ml.models.als import Als
from recommender.ml.models.base import (
    NOTHING_SEARCHED,
    FactorModel,
    Model,
    Parts,
    Progress,
    no_progress,
    top_k,
)
from recommender.ml.models.content import Content
from recommender.ml.store.artifact import Artifact
from recommender.ml.store.vector_index import Hits
from recommender.ml.train.budget import is_spent, until_spent

# The middle first: without time it is taken.
GRID = (0.5, 0.6, 0.4, 0.7, 0.3, 0.8, 0.2, 0.9, 0.1, 1.0, 0.0)


@dataclass(frozen=True)
class Config:
    """``weight`` of ALS within 0..1; None: the best of a grid by NDCG@10 on the last
    ``validation`` share of watches. ``candidates`` of each source."""

    weight: float | None = None
    candidates: int = 1000
    validation: float = 0.1
    seed: int = 0


class Hybrid(Model):
    """The weighted sum of two factor models over the same items."""

    name = "hybrid"

    def __init__(
        self,
        als: Als,
        content: Content,
        weight: float,
        size: int,
        searched: Mapping[str, Any] = NOTHING_SEARCHED,
    ) -> None:
        self.searched = searched
        self.item_ids = als.item_ids
        self._als, self._content = als, content
        self._weight, self._candidates = weight, size

    @property
    def sources(self) -> tuple[tuple[float, FactorModel], ...]:
        """The two models, each with its weight."""
        return (self._weight, self._als), (1 - self._weight, self._content)

    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        total = np.zeros((len(states), len(self.item_ids)), np.float32)
        for weight, source in self.sources:
            total += weight * scaled(source.scores(states), self._candidates)
        return total

    def recommend(
        self, state: UserHistory, *, k: int, exclude: npt.ArrayLike = ()
    ) -> Hits:
        """The best of the items that the two indexes find, by their `scores`."""
        results = [
            (weight, source.search(source.embed_user(state), k=self._candidates))
            for weight, source in self.sources
        ]
        ids = np.unique(np.concatenate([hits.ids for _, hits in results]))
        total = np.zeros(len(ids), np.float32)
        for weight, hits in results:
            part = scaled(hits.scores[None], self._candidates)[0]
            total[positions(ids, hits.ids)] += weight * part
        seen = np.concatenate([state.watched.ids, np.asarray(exclude, np.int64)])
        unseen = ~np.isin(ids, seen)
        ids, total = ids[unseen], total[unseen]
        top = top_k(total[None], k)[0]
        return Hits(ids[top], total[top])

    def similar(self, item_id: int, *, k: int, exclude: npt.ArrayLike = ()) -> Hits:
        """By the same weights: cosines of factors and of content."""
        size = len(self.item_ids)
        total = np.zeros(size, np.float32)
        for weight, source in self.sources:
            hits = source.similar(item_id, k=size)
            if not len(hits):
                return hits
            part = scaled(hits.scores[None], self._candidates)[0]
            total[positions(self.item_ids, hits.ids)] += weight * part
        return self._best(total, k, np.append(np.asarray(exclude, np.int64), item_id))

    def parts(self) -> Parts:
        both = Parts.from_members(
            {"als": self._als.parts(), "content": self._content.parts()}
        )
        document = {"weight": self._weight, "candidates": self._candidates}
        return Parts(both.arrays, {**both.documents, "hybrid": document}, both.files)

    def renewed(self, snapshot: GraphSnapshot) -> Hybrid:
        return Hybrid(
            self._als.renewed(snapshot),
            self._content.renewed(snapshot),
            self._weight,
            self._candidates,
        )


def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> Hybrid:
    """Raises `ValueError` for a weight out of range, or without any watch."""
    weight = config.weight
    if weight is None:
        weight, part = GRID[0], None
        if not is_spent():
            part = splits.validation_part(snapshot, config.validation)
        if part is not None:
            weight = best_weight(_fit(part.history, config, 0.5, no_progress), part)
    if not 0 <= weight <= 1:
        raise ValueError(f"weight={weight}: must lie within 0 and 1")
    return _fit(snapshot, config, weight, progress)


def best_weight(model: Hybrid, part: Holdout) -> float:
    """The weight of `GRID` with the greatest NDCG@10 on ``part``, as far as the time
    suffices; of equals the one nearest to the middle."""

    def value(weight: float) -> tuple[float, float]:
        tried = Hybrid(model._als, model._content, weight, model._candidates)
        metrics = evaluate.ranking_metrics(evaluate.rank_items(tried, part, 10), part)
        return float(metrics["ndcg@10"].mean()), -abs(weight - 0.5)

    return max(until_spent(GRID), key=value)


def load(artifact: Artifact) -> Hybrid:
    """The model as `Hybrid.parts` stored it."""
    document = artifact.document("hybrid")
    return Hybrid(
        als.load(artifact.section("als")),
        content.load(artifact.section("content")),
        document["weight"],
        document["candidates"],
    )


def scaled(scores: FloatArray, count: int) -> FloatArray:
    """Each row's ``count`` greatest within 0..1, the rest 0; all 0 where all are equal.

    ``scores`` is (rows, n).
    """
    n = scores.shape[1]
    if not n:
        return scores
    last = max(n - count, 0)
    least = np.partition(scores, last, axis=1)[:, [last]]
    span = scores.max(1, keepdims=True) - least
    return np.asarray(
        np.clip((scores - least) / np.maximum(span, 1e-9), 0, 1), np.float32
    )


def _fit(
    snapshot: GraphSnapshot, config: Config, weight: float, progress: Progress
) -> Hybrid:
    return Hybrid(
        als.fit(snapshot, als.Config(seed=config.seed), progress),
        content.fit(snapshot, content.Config(seed=config.seed)),
        weight,
        config.candidates,
        {"weight": weight},
    )
