"""Serves linear GraphSAGE on ids, without features: numpy, scipy, frozen embeddings.

When only watches are known, linear transforms and ReLU do not help (He et al., SIGIR
2020; Wu et al., ICML 2019). What remains of GraphSAGE is the mean over neighbours, with
symmetric normalisation, and the mean of the layers:

    i(0) = e_i + c * (mean of e_j over the items j most watched together with i)
    u(0) = e_u
    u(k+1) = sum over watched i of i(k) / sqrt(d_u d_i),       and likewise i(k+1)
    u = mean of u(0) ... u(K),                                 and likewise i

A score is the cosine of u and i times |i|^a. Training compares cosines, so the length
of an item's vector reflects its popularity, and ``a`` controls its influence. If
watches have an order, ``lean`` times the mean of the newest ones' vectors is added to
u, weighted by e^(-r / `LEAN_FADE`) with rank r.

If ``wide`` is not 0, ids are also propagated without embeddings, as in Wide & Deep
networks (Cheng et al., DLRS 2016): a user is the mean of the watched ids, an item the
sum of the ids two hops away. ``wide`` times their product (`item_graph`), scaled so
that an item's weight to itself is 1 on average, is added to the score.

New users have no e_u: a linear map, fitted to the known users, estimates it from the
rest of u.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.ml.data.features import unit
from recommender.ml.data.history import UserHistory, watch_matrix
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray, positions
from recommender.ml.models.base import (
    NOTHING_SEARCHED,
    FactorModel,
    Model,
    Parts,
    load_index,
)
from recommender.ml.models.co_watch import strongest
from recommender.ml.models.item_graph import ItemGraph
from recommender.ml.models.lightgcn.serve import Embeddings, known, normalised
from recommender.ml.store.artifact import Artifact
from recommender.ml.store.vector_index import Hits, VectorIndex

LEAN_FADE = 2.0
WIDE_POWER = 0.3  # of an item's degree, in what its id sends and receives
RIDGE = 1.0  # of the map that estimates the embeddings of new users


@dataclass(frozen=True)
class Shape:
    """The settings that serving needs; see `train.Config`."""

    hops: int
    together: float
    neighbours: int
    exponent: float
    lean: float
    wide: float = 0.0


@dataclass(frozen=True, eq=False)
class UserSide:
    """Embeds users: ``sent`` (n_items, d) is what a watch of each item adds to a user's
    vector, before division by the root of the user's degree; ``stand_in`` (d, d)
    estimates the embeddings of new users."""

    sent: FloatArray
    stand_in: FloatArray
    embeddings: Embeddings


class LinearSage(FactorModel):
    """``vectors`` are unit(i) * |i|^a, with |i| relative to its mean. ``graph``
    propagates ids if ``wide`` is not 0."""

    name = "graphsage_ids"

    def __init__(
        self,
        item_ids: IntArray,
        vectors: FloatArray,
        users: UserSide,
        shape: Shape,
        graph: ItemGraph | None,
        index: VectorIndex | None = None,
        searched: Mapping[str, Any] = NOTHING_SEARCHED,
    ) -> None:
        super().__init__(item_ids, vectors, index)
        self._graph = graph
        self._wide = shape.wide / max(graph.own.mean(), 1e-30) if graph else 0.0
        self._users = users
        self._shape = shape
        self.searched = searched

    @classmethod
    def from_embeddings(
        cls,
        embeddings: Embeddings,
        snapshot: GraphSnapshot,
        shape: Shape,
        searched: Mapping[str, Any] = NOTHING_SEARCHED,
    ) -> LinearSage:
        """Convolve over the watches of ``snapshot``; new nodes have embeddings of 0."""
        matrix = normalised(snapshot)
        users = known(snapshot.user_ids, embeddings.user_ids, embeddings.users)
        items = known(snapshot.item_ids, embeddings.item_ids, embeddings.items)
        if shape.together:
            mean = watched_together(matrix, shape.neighbours)
            items = items + shape.together * (mean @ items)
        share = 1 / (shape.hops + 1)
        total, sent, u, i = items * share, 0 * items, users, items
        for _ in range(shape.hops):
            sent = sent + i * share
            u, i = matrix @ i, matrix.T @ u
            total = total + i * share
        degree = np.bincount(matrix.indices, minlength=snapshot.n_items)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        length = length / max(float(length.mean()), 1e-30)
        return cls(
            snapshot.item_ids,
            np.asarray(unit(total) * length**shape.exponent, np.float32),
            UserSide(
                np.asarray(sent / np.sqrt(np.maximum(degree, 1))[:, None], np.float32),
                _stand_in(matrix @ sent, users * share),
                embeddings,
            ),
            shape,
            ItemGraph.from_matrix(matrix, WIDE_POWER) if shape.wide else None,
            searched=searched,
        )

    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        return super().scores(states) + self._wide_scores(states)

    def score_each(
        self, states: Sequence[UserHistory], item_ids: npt.ArrayLike
    ) -> FloatArray:
        place = np.maximum(positions(self.item_ids, item_ids), 0)
        return super().score_each(states, item_ids) + self._wide_scores(states, place)

    def recommend(
        self, state: UserHistory, *, k: int, exclude: npt.ArrayLike = ()
    ) -> Hits:
        if self._graph:  # its scores are not in the index
            return Model.recommend(self, state, k=k, exclude=exclude)
        return super().recommend(state, k=k, exclude=exclude)

    def _wide_scores(
        self, states: Sequence[UserHistory], items: IntArray | None = None
    ) -> FloatArray | float:
        if self._graph is None:
            return 0.0
        watched = watch_matrix(self.item_ids, states)
        count = np.maximum(np.diff(watched.indptr), 1)[:, None]
        received = self._graph.receive(self._graph.send(watched), items)
        return np.asarray(self._wide / count * received, np.float32)

    def embed_users(self, states: Sequence[UserHistory]) -> FloatArray:
        watched = watch_matrix(self.item_ids, states)
        degree = np.maximum(np.diff(watched.indptr), 1)[:, None]
        around = (watched @ self._users.sent) / np.sqrt(degree)
        learned = self._users.embeddings
        ids = [-1 if s.user_id is None else s.user_id for s in states]
        place = positions(learned.user_ids, ids)[:, None]
        own = learned.users[place[:, 0]] / (self._shape.hops + 1)
        users = unit(around + np.where(place >= 0, own, around @ self._users.stand_in))
        if self._shape.lean:
            newest = watch_matrix(self.item_ids, states, recency=LEAN_FADE)
            users = users + self._shape.lean * unit(newest @ unit(self.vectors))
        return np.asarray(users, np.float32)

    def parts(self) -> Parts:
        parts, learned = super().parts(), self._users.embeddings
        arrays: Mapping[str, npt.NDArray[Any]] = {
            "sent": self._users.sent,
            "stand_in": self._users.stand_in,
            "learned_user_ids": learned.user_ids,
            "learned_item_ids": learned.item_ids,
            "learned_users": learned.users,
            "learned_items": learned.items,
        }
        if self._graph:
            arrays = {**arrays, **self._graph.arrays()}
        return Parts(
            arrays={**parts.arrays, **arrays},
            documents={**parts.documents, "shape": asdict(self._shape)},
            files=parts.files,
        )

    def renewed(self, snapshot: GraphSnapshot) -> LinearSage:
        return self.from_embeddings(self._users.embeddings, snapshot, self._shape)


def load(artifact: Artifact) -> LinearSage:
    """Load the arrays and documents of `LinearSage.parts`."""
    item_ids, vectors, index = load_index(artifact)
    names = ("user_ids", "item_ids", "users", "items")
    shape = Shape(**artifact.document("shape"))
    return LinearSage(
        item_ids,
        vectors,
        UserSide(
            artifact.array("sent"),
            artifact.array("stand_in"),
            Embeddings(*(artifact.array(f"learned_{name}") for name in names)),
        ),
        shape,
        ItemGraph.load(artifact, WIDE_POWER) if shape.wide else None,
        index,
    )


def watched_together(matrix: sparse.csr_array, neighbours: int) -> sparse.csr_array:
    """(n_items, n_items): the ``neighbours`` of greatest normalised co-watches of each
    item, made symmetric and normalised by both degrees."""
    together = (matrix.T @ matrix).tocsr()
    together.setdiag(0)
    together.eliminate_zeros()
    nearest = strongest(together, neighbours)
    nearest = nearest.maximum(nearest.T).tocsr()
    degree = np.maximum(np.asarray(nearest.sum(1)).ravel(), 1e-9) ** -0.5
    shared = sparse.diags_array(degree) @ nearest @ sparse.diags_array(degree)
    return sparse.csr_array(shared).astype(np.float32)


def _stand_in(around: FloatArray, own: FloatArray) -> FloatArray:
    """(d, d): ridge regression from the mean around a user to the user's embedding."""
    gram = around.T @ around
    gram[np.diag_indices_from(gram)] += RIDGE
    return np.asarray(np.linalg.solve(gram, around.T @ own), np.float32)
