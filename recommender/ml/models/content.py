"""Content: vectors of videos from features, of people as the mean of their watches.

Text, categories, creator and numbers are weighted blocks of one vector of length 1, so
that the score is a weighted cosine. An empty text and a missing creator are 0, unknown
categories share one column, a missing number is imputed, with a flag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ml.data.features import ContentEncoder, unit
from recommender.ml.data.history import UserHistory
from recommender.ml.data.scaler import Scaler
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray, positions
from recommender.ml.models.base import (
    FactorModel,
    Parts,
    Progress,
    load_index,
    no_progress,
)
from recommender.ml.store.artifact import Artifact, ArtifactError
from recommender.ml.store.vector_index import VectorIndex
from recommender.ml.train.budget import check

DAY = 86_400.0
CREATOR_SIZE = 32


@dataclass(frozen=True)
class Config:
    """Weights of the blocks; ``text_size`` of the SVD, for snapshots without vectors of
    a text model; ``own_words``: the weight of a person's own text relative to the mean
    of their watches."""

    text: float = 1.0
    categories: float = 0.7
    creator: float = 0.4
    numbers: float = 0.2
    own_words: float = 0.3
    text_size: int = 64
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Encoders:
    """Encodes videos as vectors; learned once and saved with the run.

    ``category_ids`` and ``parent_ids`` have a column each, and one more each for
    unknown ids. ``text_width`` is the width of a text model's vectors, 0 if ``text``
    encodes the texts. ``centre`` holds the means of the scaled numbers.
    """

    text: ContentEncoder
    text_width: int
    category_ids: IntArray
    parent_ids: IntArray
    numbers: Scaler
    centre: FloatArray

    @classmethod
    def fit(cls, snapshot: GraphSnapshot, config: Config) -> Encoders:
        """Learn the vocabulary, the categories and the ranges of ``snapshot``."""
        scaler = Scaler.fit(numbers(snapshot))
        width = snapshot.text_vectors.shape[1]
        return cls(
            ContentEncoder.fit(
                () if width else snapshot.texts,
                snapshot.duration,
                text_size=config.text_size,
                seed=config.seed,
            ),
            width,
            snapshot.category_ids,
            snapshot.parent_ids,
            scaler,
            scaler.scale(numbers(snapshot)).mean(0),
        )

    def items(self, snapshot: GraphSnapshot, config: Config) -> FloatArray:
        """(n_items, d) unit vectors."""
        blocks = (
            (config.text, self.texts(snapshot.texts, snapshot.text_vectors)),
            (config.categories, self._categories(snapshot)),
            (config.creator, _creators(snapshot)),
            (config.numbers, self.numbers.scale(numbers(snapshot)) - self.centre),
        )
        return unit(np.hstack([weight * unit(block) for weight, block in blocks]))

    def texts(self, texts: Sequence[str], vectors: FloatArray) -> FloatArray:
        """(n, d) vectors of ``texts``; raises `ArtifactError` if ``vectors`` are of
        another text model."""
        if vectors.shape[1] != self.text_width:
            raise ArtifactError("TEXT_MODEL has changed since this run: train again")
        if self.text_width:
            return vectors
        size = self.text.components.shape[1]
        return self.text.encode(texts, np.zeros(len(texts)))[:, :size]

    def _categories(self, snapshot: GraphSnapshot) -> FloatArray:
        blocks = []
        for edges, ids, known in (
            (snapshot.in_category, snapshot.category_ids, self.category_ids),
            (snapshot.in_parent, snapshot.parent_ids, self.parent_ids),
        ):
            block = np.zeros((snapshot.n_items, len(known) + 1), np.float32)
            column = positions(known, ids)[edges.target]  # -1 (unknown) is the last
            block[edges.source, column] = 1
            blocks.append(unit(block))
        return np.hstack(blocks)


@dataclass(frozen=True, eq=False)
class UserTexts:
    """The users (n,) with a text about themselves, and the vectors (n, d) of these."""

    user_ids: IntArray
    vectors: FloatArray


class Content(FactorModel):
    """Item vectors from content. ``prior`` (d,) is the vector of users without any
    history or text: the mean of all watches."""

    name = "content"

    def __init__(
        self,
        item_ids: IntArray,
        vectors: FloatArray,
        user_texts: UserTexts,
        prior: FloatArray,
        encoders: Encoders,
        config: Config,
        index: VectorIndex | None = None,
    ) -> None:
        super().__init__(item_ids, vectors, index)
        self._user_texts = user_texts
        self._prior = prior
        self._encoders = encoders
        self._config = config

    @classmethod
    def from_snapshot(
        cls, snapshot: GraphSnapshot, encoders: Encoders, config: Config
    ) -> Content:
        """Encode the items and people of ``snapshot``."""
        vectors = encoders.items(snapshot, config)
        words = encoders.texts(snapshot.user_texts, snapshot.user_text_vectors)
        own = np.zeros((len(words), vectors.shape[1]), np.float32)
        own[:, : words.shape[1]] = unit(words)
        wrote = np.flatnonzero(own.any(1))
        watches = np.bincount(
            snapshot.watched.target, snapshot.watched.weight, snapshot.n_items
        )
        return cls(
            snapshot.item_ids,
            vectors,
            UserTexts(snapshot.user_ids[wrote], own[wrote]),
            unit(watches @ vectors),
            encoders,
            config,
        )

    def embed_users(self, states: Sequence[UserHistory]) -> FloatArray:
        users, texts = np.tile(self._prior, (len(states), 1)), self._user_texts
        for row, state in enumerate(states):
            place = positions(self.item_ids, state.watched.ids)
            known = place >= 0
            weight = state.watched.weight[known]
            vector = unit(weight @ self.vectors[place[known]])
            if state.user_id is not None:
                own = positions(texts.user_ids, state.user_id)[0]
                if own >= 0:
                    vector = vector + self._config.own_words * texts.vectors[own]
            if vector.any():
                users[row] = vector
        return users

    def parts(self) -> Parts:
        parts, encoders = super().parts(), self._encoders
        arrays: Mapping[str, npt.NDArray[Any]] = {
            "own_ids": self._user_texts.user_ids,
            "own_words": self._user_texts.vectors,
            "prior": self._prior,
            "text_idf": encoders.text.idf,
            "text_components": encoders.text.components,
            "category_ids": encoders.category_ids,
            "parent_ids": encoders.parent_ids,
            "numbers": encoders.numbers.array(),
            "centre": encoders.centre,
        }
        document = {
            "config": asdict(self._config),
            "text": encoders.text.document(),
            "text_width": encoders.text_width,
        }
        return Parts(
            {**parts.arrays, **arrays},
            {**parts.documents, "content": document},
            parts.files,
        )

    def renewed(self, snapshot: GraphSnapshot) -> Content:
        return self.from_snapshot(snapshot, self._encoders, self._config)


def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> Content:
    """Fit the encoders and encode ``snapshot``; raises `OutOfTimeError` past the
    budget."""
    check("the vocabulary of the content")
    encoders = Encoders.fit(snapshot, config)
    check("the vectors of the content")
    return Content.from_snapshot(snapshot, encoders, config)


def load(artifact: Artifact) -> Content:
    """Load the arrays and documents of `Content.parts`."""
    item_ids, vectors, index = load_index(artifact)
    document = artifact.document("content")
    encoders = Encoders(
        ContentEncoder.restore(
            document["text"],
            artifact.array("text_idf"),
            artifact.array("text_components"),
        ),
        document["text_width"],
        artifact.array("category_ids"),
        artifact.array("parent_ids"),
        Scaler.restore(artifact.array("numbers")),
        artifact.array("centre"),
    )
    return Content(
        item_ids,
        vectors,
        UserTexts(artifact.array("own_ids"), artifact.array("own_words")),
        artifact.array("prior"),
        encoders,
        Config(**document["config"]),
        index,
    )


def numbers(snapshot: GraphSnapshot) -> FloatArray:
    """(n_items, 3): logarithms of duration in seconds, age in days and watchers; NaN
    where unknown."""
    age = np.maximum(snapshot.taken_at - snapshot.created, 0) / DAY
    watchers = np.bincount(snapshot.watched.target, minlength=snapshot.n_items)
    columns = (
        np.where(snapshot.duration > 0, np.log1p(snapshot.duration), np.nan),
        np.where(snapshot.created > 0, np.log1p(age), np.nan),
        np.where(watchers > 0, np.log1p(watchers), np.nan),
    )
    return np.stack(columns, 1).astype(np.float32)


def _creators(snapshot: GraphSnapshot) -> FloatArray:
    """(n_items, CREATOR_SIZE): a random direction for each creator, seeded by id; two
    of them are nearly orthogonal (Johnson and Lindenstrauss)."""
    block = np.zeros((snapshot.n_items, CREATOR_SIZE), np.float32)
    creators, place = np.unique(snapshot.uploaded.source, return_inverse=True)
    signs = [
        np.random.default_rng(int(user)).choice((-1.0, 1.0), CREATOR_SIZE)
        for user in snapshot.user_ids[creators]
    ]
    block[snapshot.uploaded.target] = np.array(signs, np.float32)[place] if signs else 0
    return block
