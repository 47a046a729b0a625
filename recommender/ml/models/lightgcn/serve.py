"""LightGCN's forward pass with frozen embeddings, in numpy and scipy alone.

With e(0) the learned embeddings, N(x) the neighbours of x and d their number, K layers
of LightGCN (He et al., SIGIR 2020) are

    e_u(k+1) = sum over i in N(u) of e_i(k) / sqrt(d_u d_i),     and likewise e_i(k+1)
    e = (e(0) + ... + e(K)) / (K + 1)

so that a user's vector is a share of their own embedding plus messages of items:

    e_u = e_u(0) / (K + 1) + sum over i in N(u) of m_i / sqrt(d_u),
    m_i = (e_i(0) + ... + e_i(K-1)) / ((K + 1) sqrt(d_i))

Stored are e_i, m_i and e_u(0). A user of the training whose history has not changed
gets exactly the trained vector. Newer watches count at once; the vector of an unknown
user is the sum over their watches alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.ml.data.history import UserHistory
from recommender.ml.data.snapshot import (
    Edges,
    FloatArray,
    GraphSnapshot,
    IntArray,
    positions,
)
from recommender.ml.models.base import NOTHING_SEARCHED, FactorModel, Parts, load_index
from recommender.ml.store.artifact import Artifact
from recommender.ml.store.vector_index import VectorIndex


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Learned embeddings: ``users`` (n_users, d) and ``items`` (n_items, d), by id."""

    user_ids: IntArray
    item_ids: IntArray
    users: FloatArray
    items: FloatArray


@dataclass(frozen=True, eq=False)
class UserSide:
    """Embeds users: ``messages`` (n_items, d) are the m_i above, ``prior`` (d,) is the
    mean vector, of users without a known id or watch."""

    messages: FloatArray
    prior: FloatArray
    embeddings: Embeddings


class LightGcn(FactorModel):
    """Users and items by light graph convolution."""

    name = "lightgcn"

    def __init__(
        self,
        item_ids: IntArray,
        vectors: FloatArray,
        users: UserSide,
        layers: int,
        index: VectorIndex | None = None,
        *,
        searched: Mapping[str, Any] = NOTHING_SEARCHED,
    ) -> None:
        super().__init__(item_ids, vectors, index)
        self._users = users
        self._layers = layers
        self.searched = searched

    @classmethod
    def from_embeddings(
        cls,
        embeddings: Embeddings,
        snapshot: GraphSnapshot,
        layers: int,
        searched: Mapping[str, Any] = NOTHING_SEARCHED,
    ) -> LightGcn:
        """Convolve over the watches of ``snapshot``; new nodes start from 0."""
        users = known(snapshot.user_ids, embeddings.user_ids, embeddings.users)
        items = known(snapshot.item_ids, embeddings.item_ids, embeddings.items)
        matrix = normalised(snapshot)
        share = 1 / (layers + 1)
        user_total, item_total, sent = users * share, items * share, 0 * items
        for _ in range(layers):
            sent = sent + items * share
            users, items = matrix @ items, matrix.T @ users
            user_total, item_total = (
                user_total + users * share,
                item_total + items * share,
            )
        degree = np.bincount(
            snapshot.positive_watches.target, minlength=snapshot.n_items
        )
        messages = sent / np.sqrt(np.maximum(degree, 1))[:, None]
        return cls(
            snapshot.item_ids,
            np.asarray(item_total, np.float32),
            UserSide(
                np.asarray(messages, np.float32),
                np.asarray(user_total.mean(0), np.float32),
                embeddings,
            ),
            layers,
            searched=searched,
        )

    def embed_users(self, states: Sequence[UserHistory]) -> FloatArray:
        learned = self._users.embeddings
        vectors = np.tile(self._users.prior, (len(states), 1))
        for row, state in enumerate(states):
            place = positions(self.item_ids, state.watched.ids)
            place = place[(place >= 0) & (state.watched.weight > 0)]
            own = -1
            if state.user_id is not None:
                own = int(positions(learned.user_ids, state.user_id)[0])
            if own < 0 and not len(place):
                continue
            sent = self._users.messages[place].sum(0) / np.sqrt(max(len(place), 1))
            vectors[row] = sent
            if own >= 0:
                vectors[row] += learned.users[own] / (self._layers + 1)
        return vectors

    def parts(self) -> Parts:
        parts = super().parts()
        learned = self._users.embeddings
        arrays: Mapping[str, npt.NDArray[Any]] = {
            "messages": self._users.messages,
            "prior": self._users.prior,
            "learned_user_ids": learned.user_ids,
            "learned_item_ids": learned.item_ids,
            "learned_users": learned.users,
            "learned_items": learned.items,
        }
        return Parts(
            arrays={**parts.arrays, **arrays},
            documents={**parts.documents, "lightgcn": {"layers": self._layers}},
            files=parts.files,
        )

    def renewed(self, snapshot: GraphSnapshot) -> LightGcn:
        return self.from_embeddings(self._users.embeddings, snapshot, self._layers)


def load(artifact: Artifact) -> LightGcn:
    """The model as `LightGcn.parts` stored it."""
    item_ids, vectors, index = load_index(artifact)
    names = ("user_ids", "item_ids", "users", "items")
    return LightGcn(
        item_ids,
        vectors,
        UserSide(
            artifact.array("messages"),
            artifact.array("prior"),
            Embeddings(*(artifact.array(f"learned_{name}") for name in names)),
        ),
        artifact.document("lightgcn")["layers"],
        index,
    )


def normalised(
    snapshot: GraphSnapshot, watched: Edges | None = None
) -> sparse.csr_array:
    """(n_users, n_items): 1 / sqrt(d_u d_i) for each watch of positive weight, or for
    those ``watched`` of the snapshot."""
    watched = snapshot.positive_watches if watched is None else watched
    user, item = watched.source, watched.target
    of_user = np.bincount(user, minlength=snapshot.n_users)
    of_item = np.bincount(item, minlength=snapshot.n_items)
    value = 1 / np.sqrt(of_user[user] * of_item[item])
    shape = (snapshot.n_users, snapshot.n_items)
    return sparse.csr_array((value.astype(np.float32), (user, item)), shape=shape)


def known(ids: IntArray, learned_ids: IntArray, learned: FloatArray) -> FloatArray:
    """(len(ids), d): the ``learned`` row of each id, 0 for an unknown id."""
    place = positions(learned_ids, ids)
    return np.where(place[:, None] >= 0, learned[place], 0).astype(np.float32)
