"""What models of vectors share: the score is the product of a user's and an item's."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recommender.ml.data.features import unit
from recommender.ml.data.history import UserHistory
from recommender.ml.data.snapshot import FloatArray, IntArray, positions
from recommender.ml.models.registry import Model, Parts
from recommender.ml.store.artifact import Artifact
from recommender.ml.store.vector_index import Hits, VectorIndex

INDEX = "index.faiss"


class FactorModel(Model):
    """Item vectors with an index of their own; users are embedded when they ask.

    ``vectors`` is (n_items, d) along ``item_ids``.
    """

    def __init__(
        self, item_ids: IntArray, vectors: FloatArray, index: VectorIndex | None = None
    ) -> None:
        self.item_ids = item_ids
        self.vectors = vectors
        self.index = index or VectorIndex.build(item_ids, vectors)
        self._newest: tuple[UserHistory, IntArray, FloatArray] | None = None

    @abstractmethod
    def embed_users(self, states: Sequence[UserHistory]) -> FloatArray:
        """(len(states), d) vectors of histories."""

    def embed_user(self, state: UserHistory) -> FloatArray:
        """(d,): the vector of one person now.

        The last one is kept: a feed asks for it several times. Items that were added
        since make it another.
        """
        kept = self._newest
        if kept is None or kept[0] is not state or kept[1] is not self.item_ids:
            kept = state, self.item_ids, self.embed_users([state])[0]
            self._newest = kept
        return kept[2]

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
        cosines = unit(self.vectors) @ unit(self.vectors[place])
        hidden = np.append(np.asarray(exclude, np.int64), item_id)
        return self._best(cosines, k, hidden)

    def vectors_of(self, item_ids: npt.ArrayLike) -> FloatArray | None:
        return known_units(self.item_ids, self.vectors, item_ids)

    def taste(self, state: UserHistory) -> FloatArray | None:
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
    found = unit(np.asarray(vectors[np.maximum(place, 0)], np.float32))
    return np.where(place[:, None] >= 0, found, 0).astype(np.float32)


def load_index(artifact: Artifact) -> tuple[IntArray, FloatArray, VectorIndex]:
    """Item ids, vectors and index as `FactorModel.parts` stored them."""
    item_ids = artifact.array("item_ids")
    recall = artifact.document("index")["recall"]
    index = VectorIndex.load(artifact.path(INDEX), item_ids, recall=recall)
    return item_ids, artifact.array("vectors"), index
