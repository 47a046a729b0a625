"""GraphSAGE at request time: numpy and FAISS, frozen weights, no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
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


class GraphSageModel(FactorModel):
    """Vectors of items, and of anyone from their newest interactions."""

    name = "graphsage"
    # A video not wanted is no reason for another.
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
        """(n, width) vectors of new videos from their features alone.

        ``time`` is the moment their age is taken at, the snapshot's when not given.
        """
        moment = self._taken_at if time is None else time
        return encode_new(items, self._weights, self._encoder, self._tables, moment)

    def add_items(
        self, items: Sequence[ItemFeatures], *, time: float | None = None
    ) -> None:
        """Make new videos findable, and watches of them count, at once."""
        if not items:
            return
        ids = np.array([item.id for item in items], np.int64)
        vectors = self.embed_items(items, time=time)
        with self._lock:
            old = self._tables
            kept = ~np.isin(old.item_ids, ids)
            every = np.concatenate([old.item_ids[kept], ids])
            order = np.argsort(every)
            d = old.items.shape[1]
            both = np.concatenate([self.vectors[kept], vectors])[order]
            self._tables = replace(
                old, item_ids=every[order], items=both[:, :d], trends=both[:, d:]
            )
            self.index.add(ids, vectors)
            # A reader between the two finds a vector for each id: new ids come last.
            self.vectors = both
            self.item_ids = every[order]

    def similar(self, item_id: int, *, k: int, exclude: npt.ArrayLike = ()) -> Hits:
        """The items of greatest cosine to this one, whatever is popular."""
        tables = self._tables
        place = positions(tables.item_ids, item_id)[0]
        if place < 0:
            return Hits(np.empty(0, np.int64), np.empty(0, np.float32))
        trend = np.zeros(tables.trends.shape[1], np.float32)
        query = np.concatenate([unit(tables.items[place]), trend])
        hidden = np.append(np.asarray(exclude, np.int64), item_id)
        return self.search(query, k=k, exclude=hidden)

    def item_vectors(self, item_ids: npt.ArrayLike) -> FloatArray | None:
        """What videos are about, whatever is popular."""
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
    """The model as `GraphSageModel.parts` stored it, arrays memory-mapped."""
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
