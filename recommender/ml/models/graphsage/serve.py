"""Serves GraphSAGE with frozen weights: numpy and FAISS, without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ml.data.features import ContentEncoder, ItemFeatures, unit
from recommender.ml.data.history import UserHistory
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, positions
from recommender.ml.models.base import NOTHING_SEARCHED, FactorModel, Parts, known_units
from recommender.ml.models.graphsage.config import Windowing
from recommender.ml.models.graphsage.encoder import (
    GraphSageWeights,
    Tables,
    encode,
    encode_new,
    encode_users,
)
from recommender.ml.store.artifact import Artifact
from recommender.ml.store.vector_index import Hits, VectorIndex


@dataclass(frozen=True, eq=False)
class Learned:
    """What one fit leaves for a later one: the rows of ``weights.content`` belong to
    the features of ``encoder``."""

    weights: GraphSageWeights
    encoder: ContentEncoder


class GraphSageModel(FactorModel):
    """Vectors of items, and of people from their newest interactions."""

    name = "graphsage"
    # Without "not_interested", which is no reason to recommend.
    reasons = ("watched", "liked", "follows", "interested_in")

    def __init__(
        self,
        weights: GraphSageWeights,
        encoder: ContentEncoder,
        windowing: Windowing,
        tables: Tables,
        *,
        taken_at: float,
        index: VectorIndex | None = None,
        searched: Mapping[str, Any] = NOTHING_SEARCHED,
    ) -> None:
        self.searched = searched
        self._weights = weights
        self._encoder = encoder
        self._windowing = windowing
        self._tables = tables
        self._taken_at = taken_at
        self._lock = Lock()
        super().__init__(tables.item_ids, tables.vectors, index)

    @property
    def learned(self) -> Learned:
        return Learned(self._weights, self._encoder)

    @classmethod
    def from_weights(
        cls,
        weights: GraphSageWeights,
        encoder: ContentEncoder,
        windowing: Windowing,
        snapshot: GraphSnapshot,
        searched: Mapping[str, Any] = NOTHING_SEARCHED,
    ) -> GraphSageModel:
        """Embed the nodes of ``snapshot`` with trained weights."""
        tables = encode(snapshot, weights, encoder, windowing)
        return cls(
            weights,
            encoder,
            windowing,
            tables,
            taken_at=snapshot.taken_at,
            searched=searched,
        )

    def embed_users(self, states: Sequence[UserHistory]) -> FloatArray:
        """(n, width) vectors of histories."""
        return encode_users(states, self._weights, self._tables, self._windowing)

    def embed_items(
        self, items: Sequence[ItemFeatures], *, time: float | None = None
    ) -> FloatArray:
        """(n, width) vectors of new videos from their features, with their age at
        ``time``, by default the snapshot's.
        """
        moment = self._taken_at if time is None else time
        return encode_new(items, self._weights, self._encoder, self._tables, moment)

    def add_items(
        self, items: Sequence[ItemFeatures], *, time: float | None = None
    ) -> None:
        """Add new videos to searches, and to the vectors of people who watch them."""
        if not items:
            return
        ids = np.array([item.id for item in items], np.int64)
        vectors = self.embed_items(items, time=time)
        with self._lock:
            old = self._tables
            unchanged = ~np.isin(old.item_ids, ids)
            all_ids = np.concatenate([old.item_ids[unchanged], ids])
            order = np.argsort(all_ids)
            d = old.items.shape[1]
            all_vectors = np.concatenate([self.vectors[unchanged], vectors])[order]
            self._tables = replace(
                old,
                item_ids=all_ids[order],
                items=all_vectors[:, :d],
                trends=all_vectors[:, d:],
            )
            self.index.add(ids, vectors)
            # Vectors first: other threads must find a vector for each id.
            self.vectors = all_vectors
            self.item_ids = all_ids[order]

    def similar(self, item_id: int, *, k: int, exclude: npt.ArrayLike = ()) -> Hits:
        """The items of greatest cosine to this one, without trends."""
        tables = self._tables
        place = positions(tables.item_ids, item_id)[0]
        if place < 0:
            return Hits(np.empty(0, np.int64), np.empty(0, np.float32))
        trend = np.zeros(tables.trends.shape[1], np.float32)
        query = np.concatenate([unit(tables.items[place]), trend])
        hidden = np.append(np.asarray(exclude, np.int64), item_id)
        return self.search(query, k=k, exclude=hidden)

    def item_vectors(self, item_ids: npt.ArrayLike) -> FloatArray | None:
        """Unit vectors of videos, without trends."""
        tables = self._tables
        return known_units(tables.item_ids, tables.items, item_ids)

    def user_vector(self, state: UserHistory) -> FloatArray | None:
        return unit(self.embed_user(state)[: self._tables.items.shape[1]])

    def parts(self) -> Parts:
        arrays = {
            **self._tables.arrays(),
            **self._weights.arrays(),
            "text_idf": self._encoder.idf,
            "text_components": self._encoder.components,
        }
        document = {
            "content": self._encoder.document(),
            "windowing": asdict(self._windowing),
            "taken_at": self._taken_at,
            "index_recall": self.index.recall,
        }
        return Parts(arrays, {"graphsage": document}, {"index.faiss": self.index.save})

    def renewed(self, snapshot: GraphSnapshot) -> GraphSageModel:
        return self.from_weights(
            self._weights, self._encoder, self._windowing, snapshot
        )


def load(artifact: Artifact) -> GraphSageModel:
    """Load the arrays (memory-mapped) and documents of `GraphSageModel.parts`."""
    document = artifact.document("graphsage")
    tables = Tables(**{f.name: artifact.array(f.name) for f in fields(Tables)})
    weights = {
        f.name: artifact.array(f"weights_{f.name}") for f in fields(GraphSageWeights)
    }
    return GraphSageModel(
        GraphSageWeights(**weights),
        ContentEncoder.restore(
            document["content"],
            artifact.array("text_idf"),
            artifact.array("text_components"),
        ),
        Windowing(**document["windowing"]),
        tables,
        taken_at=document["taken_at"],
        index=VectorIndex.load(
            artifact.path("index.faiss"),
            tables.item_ids,
            recall=document["index_recall"],
        ),
    )
