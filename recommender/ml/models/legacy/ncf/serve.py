"""NCF's forward pass with frozen weights, in numpy; `train` describes the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.ml.data.history import UserHistory, histories
from recommender.ml.data.scaler import Scaler
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray, positions
from recommender.ml.data.splits import Holdout
from recommender.ml.evaluation.interval import Interval, bootstrap
from recommender.ml.models.base import NOTHING_SEARCHED, Model, Parts
from recommender.ml.models.legacy.ncf.inputs import ItemStatistics, person_inputs
from recommender.ml.store.artifact import Artifact

UNKNOWN = 0
NEGATIVES = 4  # unwatched items for each watched one in `Ncf.measures`


@dataclass(frozen=True, eq=False)
class NcfWeights:
    """The learned parameters; the embeddings run along the ids.

    ``users`` (1 + n, d) and ``items`` (1 + m, d) begin with the bucket of unknown ids.
    ``first`` is (2d + inputs, 128), ``second`` (128, 64), ``output`` (64, classes).
    """

    user_ids: IntArray
    item_ids: IntArray
    users: FloatArray
    items: FloatArray
    first: FloatArray
    first_bias: FloatArray
    second: FloatArray
    second_bias: FloatArray
    output: FloatArray
    output_bias: FloatArray


class Ncf(Model):
    """The expected reaction of a user to each item: 0 none, 1 viewed, 2 liked, 3
    inspired."""

    name = "ncf"

    def __init__(
        self,
        item_ids: IntArray,
        statistics: ItemStatistics,
        weights: NcfWeights,
        scaler: Scaler,
        searched: Mapping[str, Any] = NOTHING_SEARCHED,
    ) -> None:
        self.searched = searched
        self.item_ids = item_ids
        self._statistics = statistics
        self._weights = weights
        self._scaler = scaler
        row = positions(weights.item_ids, item_ids) + 1  # -1, unknown, becomes 0
        d = weights.items.shape[1]
        self._items = weights.items[row] @ weights.first[d : 2 * d]

    def probabilities(self, state: UserHistory, items: IntArray) -> FloatArray:
        """(len(items), classes) for dense ``items``."""
        w, d = self._weights, self._weights.users.shape[1]
        user_id = -1 if state.user_id is None else state.user_id
        user = w.users[positions(w.user_ids, user_id)[0] + 1]
        values = person_inputs(self._statistics, self.item_ids, state)[items]
        hidden = self._items[items] + self._scaler.scale(values) @ w.first[2 * d :]
        hidden = np.maximum(hidden + user @ w.first[:d] + w.first_bias, 0)
        hidden = np.maximum(hidden @ w.second + w.second_bias, 0)
        logits = hidden @ w.output + w.output_bias
        power = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(power / power.sum(1, keepdims=True), np.float32)

    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        every = np.arange(len(self.item_ids))
        rows = [expected(self.probabilities(state, every)) for state in states]
        return np.stack(rows) if rows else np.empty((0, len(every)), np.float32)

    def score_each(
        self, states: Sequence[UserHistory], item_ids: npt.ArrayLike
    ) -> FloatArray:
        place = positions(self.item_ids, item_ids)
        items = np.maximum(place, 0)
        rows = [expected(self.probabilities(state, items)) for state in states]
        return np.where(place >= 0, np.stack(rows), np.nan).astype(np.float32)

    def measures(self, holdout: Holdout, *, seed: int = 0) -> Mapping[str, Interval]:
        """``rmse`` of the expected reactions to the watches held out, and for each to
        at most `NEGATIVES` uniform unwatched items; users are resampled."""
        if holdout.reaction is None or not len(holdout.users):
            return {}
        random = np.random.default_rng(seed)
        errors, counts = [], []
        for row, state in enumerate(histories(holdout.history, holdout.users)):
            targets = holdout.targets(row)
            seen = np.append(positions(self.item_ids, state.watched.ids), targets)
            others = np.setdiff1d(np.arange(len(self.item_ids)), seen)
            size = min(NEGATIVES * len(targets), len(others))
            drawn = random.choice(others, size, replace=False)
            span = slice(holdout.indptr[row], holdout.indptr[row + 1])
            actual = np.append(holdout.reaction[span], np.zeros(size))
            predicted = expected(self.probabilities(state, np.append(targets, drawn)))
            errors.append(float(((predicted - actual) ** 2).sum()))
            counts.append(len(actual))
        mean = bootstrap(
            np.array(errors) / np.mean(counts), seed=seed
        )  # each user weighs as much as their examples
        bounds = (float(np.sqrt(value)) for value in asdict(mean).values())
        return {"rmse": Interval(*bounds)}

    def parts(self) -> Parts:
        statistics = self._statistics
        arrays = {f"weights_{f.name}": getattr(self._weights, f.name) for f in WEIGHTS}
        return Parts(
            {
                "item_ids": self.item_ids,
                "item_watches": statistics.watches,
                "item_likes": statistics.likes,
                "item_creator": statistics.creator,
                "category_indptr": statistics.categories.indptr,
                "category_indices": statistics.categories.indices,
                "category_data": statistics.categories.data,
                "scaler": self._scaler.array(),
                **arrays,
            },
            {"ncf": {"categories": statistics.categories.shape[1]}},
        )

    def renewed(self, snapshot: GraphSnapshot) -> Ncf:
        return Ncf(
            snapshot.item_ids,
            ItemStatistics.from_snapshot(snapshot),
            self._weights,
            self._scaler,
        )


WEIGHTS = fields(NcfWeights)


def load(artifact: Artifact) -> Ncf:
    """The model as `Ncf.parts` stored it."""
    item_ids = artifact.array("item_ids")
    csr = (f"category_{name}" for name in ("data", "indices", "indptr"))
    categories = sparse.csr_array(
        tuple(artifact.array(name) for name in csr),
        shape=(len(item_ids), artifact.document("ncf")["categories"]),
    )
    weights = {f.name: artifact.array(f"weights_{f.name}") for f in WEIGHTS}
    return Ncf(
        item_ids,
        ItemStatistics(
            artifact.array("item_watches"),
            artifact.array("item_likes"),
            artifact.array("item_creator"),
            categories,
        ),
        NcfWeights(**weights),
        Scaler.restore(artifact.array("scaler")),
    )


def expected(probabilities: FloatArray) -> FloatArray:
    """(n,) mean reaction under ``probabilities``, (n, classes)."""
    classes = np.arange(probabilities.shape[1], dtype=np.float32)
    return np.asarray(probabilities @ classes, np.float32)
