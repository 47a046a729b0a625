"""The interface of models, and the base class of models with vectors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from recommender.ml.data.features import ItemFeatures, unit
from recommender.ml.data.history import Trail, UserHistory
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray, positions
from recommender.ml.data.splits import Holdout
from recommender.ml.evaluation.interval import Interval
from recommender.ml.store.artifact import Artifact, Manifest
from recommender.ml.store.neighbours import Neighbours
from recommender.ml.store.vector_index import Hits, VectorIndex

INDEX = "index.faiss"
NOTHING_SEARCHED: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class TrainingStep:
    """One finished epoch: mean ``loss``, ``validation`` Recall@20 if measured."""

    stage: str
    epoch: int
    epochs: int
    loss: float
    validation: float | None
    seconds: float


Progress = Callable[[TrainingStep], None]


def no_progress(step: TrainingStep) -> None:
    """The progress callback that does nothing."""


NEWEST = 50  # interactions of a trail that `Model.contributions` removes in turn


class Contribution(NamedTuple):
    """An interaction without which the score of an item is lower.

    ``relation`` is watched, liked, follows or interested_in; ``id`` the external id of
    the video, creator or parent category; ``amount`` the score lost without it.
    """

    relation: str
    id: int
    amount: float


@dataclass(frozen=True, eq=False)
class Parts:
    """The contents of a model's artifact; see `artifact.write`."""

    arrays: Mapping[str, npt.NDArray[Any]]
    documents: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Callable[[Path], None]] = field(default_factory=dict)

    @classmethod
    def from_members(cls, parts: Mapping[str, Parts]) -> Parts:
        """The parts of several models in one folder, each under its prefix; see
        `Artifact.section`."""

        def under(kind: str) -> dict[str, Any]:
            return {
                f"{prefix}.{name}": value
                for prefix, each in parts.items()
                for name, value in getattr(each, kind).items()
            }

        return cls(under("arrays"), under("documents"), under("files"))


class Model(ABC):
    """A fitted model: it scores histories, by external ids, without torch."""

    name: ClassVar[str]
    # Relations whose interactions `contributions` removes in turn.
    reasons: tuple[str, ...] = ("watched",)
    item_ids: IntArray  # sorted; columns of `scores`
    # The models that this one combines, by name.
    members: Mapping[str, Model] = MappingProxyType({})
    # Settings that `fit` searched for; a config that has them spares the search.
    searched: Mapping[str, Any] = NOTHING_SEARCHED
    # The nearest items of each, where they were found in advance.
    neighbours: Neighbours | None = None
    _manifest: Manifest
    _run: str = ""

    @property
    def manifest(self) -> Manifest:
        """Describes the run; members of other models have none."""
        return self._manifest

    def was_fitted_to(self, snapshot: GraphSnapshot) -> bool:
        """Whether `registry.fit` made it from ``snapshot``; False for a model that was
        loaded or renewed."""
        manifest: Manifest | None = vars(self).get("_manifest")
        return manifest is not None and manifest.data_hash == snapshot.content_hash()

    @property
    def run(self) -> str:
        """The name of the artifact folder; "" for a model that was not loaded."""
        return self._run

    def with_manifest(self, manifest: Manifest, run: str = "") -> Self:
        """The same model, which shares its arrays, as the run of ``manifest``."""
        model = copy(self)
        model._manifest, model._run = manifest, run
        return model

    @property
    def learned(self) -> Any:
        """What a later fit of this model can start from; None if it always starts from
        the beginning. See `recommender.ml.train.warm`."""
        return None

    @abstractmethod
    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        """(len(states), n_items) scores of every item, higher is better."""

    def measures(self, holdout: Holdout, *, seed: int = 0) -> Mapping[str, Interval]:
        """Metrics of this model other than those of its ranking."""
        return {}

    @abstractmethod
    def parts(self) -> Parts:
        """The contents from which `load` of the same module builds the model."""

    @abstractmethod
    def renewed(self, snapshot: GraphSnapshot) -> Self:
        """The same learned weights over newer nodes and edges, without training."""

    def recommend(
        self, state: UserHistory, *, k: int, exclude: npt.ArrayLike = ()
    ) -> Hits:
        """The ``k`` best items that are in neither the history nor ``exclude``."""
        seen = np.concatenate([state.watched.ids, np.asarray(exclude, np.int64)])
        return self._best(self.scores([state])[0], k, seen)

    def retrieve(
        self, state: UserHistory, *, k: int, exclude: npt.ArrayLike = ()
    ) -> IntArray:
        """The ids of about ``k`` items that are likely to be the best, for a model that
        combines this one with others."""
        return self.recommend(state, k=k, exclude=exclude).ids

    def similar(self, item_id: int, *, k: int, exclude: npt.ArrayLike = ()) -> Hits:
        """The ``k`` items nearest to one; empty for an unknown item."""
        if positions(self.item_ids, item_id)[0] < 0:
            return Hits(np.empty(0, np.int64), np.empty(0, np.float32))
        state = UserHistory(watched=Trail.from_ids([item_id]))
        return self.recommend(state, k=k, exclude=exclude)

    def nearest(self, item_id: int, *, k: int, exclude: npt.ArrayLike = ()) -> Hits:
        """As `similar`, from the `neighbours` that were found in advance. They do not
        have items that were added since, and may be fewer than ``k``."""
        if self.neighbours is not None:
            hits = self.neighbours.of(item_id, k=k, exclude=exclude)
            if hits is not None:
                return hits
        return self.similar(item_id, k=k, exclude=exclude)

    def item_vectors(self, item_ids: npt.ArrayLike) -> FloatArray | None:
        """(len(item_ids), d) of unit length, so that products are cosines, zeros where
        an item is unknown; None from a model without vectors."""
        return None

    def user_vector(self, state: UserHistory) -> FloatArray | None:
        """(d,): a user's unit vector in the space of `item_vectors`; None without."""
        return None

    def score_items(self, state: UserHistory, item_ids: npt.ArrayLike) -> FloatArray:
        """(len(item_ids),) scores, NaN for unknown items."""
        scores: FloatArray = self.score_each([state], item_ids)[0]
        return scores

    def score_each(
        self, states: Sequence[UserHistory], item_ids: npt.ArrayLike
    ) -> FloatArray:
        """(len(states), len(item_ids)) scores, NaN for unknown items."""
        unknown = np.full((len(states), 1), np.nan, np.float32)
        scores = np.hstack([self.scores(states), unknown])
        return scores[:, positions(self.item_ids, item_ids)].astype(np.float32)

    def contributions(
        self, state: UserHistory, item_ids: npt.ArrayLike
    ) -> list[list[Contribution]]:
        """For each item the newest interactions that raise its score, by amount.

        Each interaction is removed in turn and the items are scored again.
        """
        edges = [
            (relation, int(place))
            for relation in self.reasons
            for place in np.argsort(-state.trail(relation).time, kind="stable")[:NEWEST]
        ]
        relations = [relation for relation, _ in edges]
        ids = [int(state.trail(relation).ids[place]) for relation, place in edges]
        reduced = [state.without(*edge) for edge in edges]
        scores = self.score_each([state, *reduced], item_ids)
        lost = np.nan_to_num(scores[0] - scores[1:])
        return greatest_first(relations, ids, lost)

    def _best(self, scores: FloatArray, k: int, exclude: IntArray) -> Hits:
        scores = scores.copy()
        place = positions(self.item_ids, exclude)
        scores[place[place >= 0]] = -np.inf
        order = top_k(scores[None], k)[0]
        order = order[np.isfinite(scores[order])]
        return Hits(self.item_ids[order], scores[order])


def greatest_first(
    relations: Sequence[str], ids: Sequence[int], amounts: FloatArray
) -> list[list[Contribution]]:
    """The positive contributions to each item, from ``amounts`` (interactions, items)
    of the interactions that ``relations`` and ``ids`` name."""
    orders = np.argsort(-amounts, axis=0, kind="stable").T.tolist()
    return [
        [
            Contribution(relations[row], ids[row], of[row])
            for row in order
            if of[row] > 0
        ]
        for order, of in zip(orders, amounts.T.tolist(), strict=True)
    ]


def top_k(scores: FloatArray, k: int) -> IntArray:
    """(rows, k) positions of the greatest scores, falling; ties by position."""
    k = min(k, scores.shape[1])
    if k == 0:
        return np.empty((len(scores), 0), np.int64)
    top = np.sort(np.argpartition(-scores, k - 1, axis=1)[:, :k], axis=1)
    order = np.argsort(-np.take_along_axis(scores, top, 1), axis=1, kind="stable")
    return np.take_along_axis(top, order, 1).astype(np.int64)


@runtime_checkable
class Inductive(Protocol):
    """A model that can embed items that it was not trained with."""

    def add_items(
        self, items: Sequence[ItemFeatures], *, time: float | None = None
    ) -> None:
        """Make ``items`` findable, their age taken at ``time``, Unix seconds."""


class TooLargeError(ValueError):
    """The snapshot is too large for the model; the message gives the limit."""


class FactorModel(Model):
    """Item vectors with an index; users are embedded on request.

    ``vectors`` is (n_items, d) along ``item_ids``.
    """

    def __init__(
        self, item_ids: IntArray, vectors: FloatArray, index: VectorIndex | None = None
    ) -> None:
        self.item_ids = item_ids
        self.vectors = vectors
        self.index = index or VectorIndex.build(item_ids, vectors)
        self._cached: tuple[UserHistory, IntArray, FloatArray] | None = None
        self._norms: tuple[FloatArray, FloatArray] | None = None

    @abstractmethod
    def embed_users(self, states: Sequence[UserHistory]) -> FloatArray:
        """(len(states), d) vectors of histories."""

    def embed_user(self, state: UserHistory) -> FloatArray:
        """(d,): the vector of one user.

        The last one is cached, as a feed needs it several times, until items are added.
        """
        cached = self._cached
        if cached is None or cached[0] is not state or cached[1] is not self.item_ids:
            cached = state, self.item_ids, self.embed_users([state])[0]
            self._cached = cached
        return cached[2]

    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        return np.asarray(self._embedded(states) @ self.vectors.T, np.float32)

    def score_each(
        self, states: Sequence[UserHistory], item_ids: npt.ArrayLike
    ) -> FloatArray:
        place = positions(self.item_ids, item_ids)
        scores = self._embedded(states) @ self.vectors[np.maximum(place, 0)].T
        return np.where(place >= 0, scores, np.nan).astype(np.float32)

    def search(
        self, vector: FloatArray, *, k: int, exclude: npt.ArrayLike = ()
    ) -> Hits:
        """The ``k`` items of greatest score for a user's ``vector``, (d,)."""
        return self.index.search(vector, k, exclude=exclude)

    def recommend(
        self, state: UserHistory, *, k: int, exclude: npt.ArrayLike = ()
    ) -> Hits:
        seen = np.concatenate([state.watched.ids, np.asarray(exclude, np.int64)])
        return self.search(self.embed_user(state), k=k, exclude=seen)

    def similar(self, item_id: int, *, k: int, exclude: npt.ArrayLike = ()) -> Hits:
        """The ``k`` items of greatest cosine with one; empty for an unknown item."""
        place = positions(self.item_ids, item_id)[0]
        if place < 0:
            return Hits(np.empty(0, np.int64), np.empty(0, np.float32))
        cosines = (self.vectors @ unit(self.vectors[place])) * self._inverse_norms
        excluded = np.append(np.asarray(exclude, np.int64), item_id)
        return self._best(cosines, k, excluded)

    @property
    def _inverse_norms(self) -> FloatArray:
        """(n_items,): computed once for the same vectors."""
        cached = self._norms
        if cached is None or cached[0] is not self.vectors:
            lengths = np.sqrt(np.einsum("ij,ij->i", self.vectors, self.vectors))
            inverse = np.asarray(1 / np.maximum(lengths, 1e-8), np.float32)
            cached = self._norms = self.vectors, inverse
        return cached[1]

    def item_vectors(self, item_ids: npt.ArrayLike) -> FloatArray | None:
        return known_units(self.item_ids, self.vectors, item_ids)

    def user_vector(self, state: UserHistory) -> FloatArray | None:
        return unit(self.embed_user(state))

    def _embedded(self, states: Sequence[UserHistory]) -> FloatArray:
        if len(states) == 1:
            return self.embed_user(states[0])[None]
        return self.embed_users(states)

    def parts(self) -> Parts:
        """The vectors and their index; a subclass adds what embeds users."""
        return Parts(
            arrays={"item_ids": self.item_ids, "vectors": self.vectors},
            documents={"index": {"recall": self.index.recall}},
            files={INDEX: self.index.save},
        )


def known_units(
    item_ids: IntArray, vectors: FloatArray, wanted: npt.ArrayLike
) -> FloatArray:
    """(len(wanted), d): ``vectors`` of the ``wanted`` at unit length, 0 if unknown."""
    place = positions(item_ids, wanted)
    units = unit(np.asarray(vectors[np.maximum(place, 0)], np.float32))
    return np.where(place[:, None] >= 0, units, 0).astype(np.float32)


def load_index(artifact: Artifact) -> tuple[IntArray, FloatArray, VectorIndex]:
    """Item ids, vectors and index as `FactorModel.parts` stored them."""
    item_ids = artifact.array("item_ids")
    recall = artifact.document("index")["recall"]
    index = VectorIndex.load(artifact.path(INDEX), item_ids, recall=recall)
    return item_ids, artifact.array("vectors"), index
