"""Features of videos that do not depend on watches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import svds

from recommender.ml.data.snapshot import FloatArray, GraphSnapshot

VOCABULARY_LIMIT = 20_000
WORD = re.compile(r"[^\W_]{2,}")
TEXTS_AT_ONCE = 1 << 12


@dataclass(frozen=True)
class ItemFeatures:
    """What is known of a video when it is published, by external ids.

    ``text`` is title and description, ``duration`` in seconds, ``created`` a Unix time;
    0 means unknown.
    """

    id: int
    text: str = ""
    duration: float = 0.0
    created: float = 0.0
    creator_id: int | None = None
    category_ids: Sequence[int] = ()
    parent_ids: Sequence[int] = ()


V = TypeVar("V")


@dataclass(frozen=True, eq=False)
class ContentEncoder:
    """Encodes text by TF-IDF and truncated SVD, duration by its logarithm.

    ``idf`` is (words,), ``components`` (words, text size). An unknown duration becomes
    the mean, with a flag.
    """

    vocabulary: Mapping[str, int]
    idf: FloatArray
    components: FloatArray
    duration_mean: float
    duration_scale: float

    @property
    def size(self) -> int:
        """The number of columns that `encode` returns."""
        return int(self.components.shape[1]) + 2

    @classmethod
    def fit(
        cls, texts: Sequence[str], duration: FloatArray, *, text_size: int, seed: int
    ) -> ContentEncoder:
        """Learn the words that at least two texts share, and their main directions."""
        text_counts = Counter(word for text in texts for word in set(words(text)))
        common = sorted(
            (w for w, count in text_counts.items() if count > 1),
            key=lambda word: (-text_counts[word], word),
        )[:VOCABULARY_LIMIT]
        vocabulary = {word: i for i, word in enumerate(sorted(common))}
        document_count = np.array([text_counts[w] for w in vocabulary], np.float64)
        idf = np.log((1 + len(texts)) / (1 + document_count)) + 1
        known = np.log(duration[duration > 0])
        encoder = cls(
            vocabulary,
            idf.astype(np.float32),
            np.empty((len(vocabulary), 0), np.float32),
            float(known.mean()) if len(known) else 0.0,
            float(known.std()) or 1.0 if len(known) else 1.0,
        )
        size = min(text_size, min(len(texts), len(vocabulary)) - 1)
        if size < 1:
            return encoder
        start = np.random.default_rng(seed).normal(size=min(len(texts), len(idf)))
        _, values, right = svds(
            encoder._tf_idf(texts).astype(np.float64), k=size, v0=start
        )
        right = right[np.argsort(-values)]
        # The sign of a singular vector is arbitrary: make its greatest entry positive.
        top = np.abs(right).argmax(1)[:, None]
        right = right * np.sign(np.take_along_axis(right, top, 1))
        return cls(
            vocabulary,
            encoder.idf,
            np.ascontiguousarray(right.T, np.float32),
            encoder.duration_mean,
            encoder.duration_scale,
        )

    def encode(self, texts: Sequence[str], duration: npt.ArrayLike) -> FloatArray:
        """(n, size): the unit vector of the text, the scaled log duration, a flag for
        an unknown duration."""
        seconds = np.asarray(duration, np.float64)
        known = seconds > 0
        log = np.log(np.where(known, seconds, 1.0))
        scaled = np.where(known, (log - self.duration_mean) / self.duration_scale, 0)
        rows = np.empty((len(texts), self.size), np.float32)
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            chunk = texts[start : start + TEXTS_AT_ONCE]
            vectors = self._tf_idf(chunk) @ self.components
            rows[start : start + len(chunk), :-2] = unit(np.asarray(vectors))
        rows[:, -2] = np.clip(scaled, -3, 3)
        rows[:, -1] = ~known
        return rows

    def document(self) -> dict[str, Any]:
        """Everything but the arrays, for JSON."""
        return {
            "vocabulary": list(self.vocabulary),
            "duration_mean": self.duration_mean,
            "duration_scale": self.duration_scale,
        }

    @classmethod
    def restore(
        cls, document: Mapping[str, Any], idf: FloatArray, components: FloatArray
    ) -> ContentEncoder:
        """Rebuild an encoder from its `document` and its two arrays."""
        return cls(
            {word: i for i, word in enumerate(document["vocabulary"])},
            idf,
            components,
            float(document["duration_mean"]),
            float(document["duration_scale"]),
        )

    def _tf_idf(self, texts: Sequence[str]) -> sparse.csr_array:
        """(texts, words) with unit rows; a count c enters as 1 + log c."""
        row, column, count = [], [], []
        for i, text in enumerate(texts):
            for word, times in Counter(words(text)).items():
                if word in self.vocabulary:
                    row.append(i)
                    column.append(self.vocabulary[word])
                    count.append(times)
        value = (1 + np.log(np.array(count, np.float32))) * self.idf[column]
        norm = np.sqrt(np.bincount(row, weights=value**2, minlength=len(texts)))
        scaled = (value / norm[row]).astype(np.float32)
        shape = (len(texts), len(self.vocabulary))
        return sparse.csr_array((scaled, (row, column)), shape=shape)


def words(text: str) -> list[str]:
    """Lower-case runs of two or more letters or digits, in any script."""
    return WORD.findall(text.lower())


def unit(rows: npt.NDArray[Any]) -> FloatArray:
    """Scale each row to length 1; rows of zeros stay zero."""
    norm = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(norm, 1e-8), np.float32)


@dataclass(frozen=True, eq=False)
class _Same(Generic[V]):
    """Equal to another one of the same object."""

    value: V

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


@lru_cache(maxsize=1)  # one encoder describes the parts of one snapshot several times
def _content(
    encoder: ContentEncoder, texts: _Same[tuple[str, ...]], duration: _Same[FloatArray]
) -> FloatArray:
    return encoder.encode(texts.value, duration.value)


def content(snapshot: GraphSnapshot, encoder: ContentEncoder) -> FloatArray:
    """Encode the items of a snapshot, (n_items, encoder.size)."""
    return _content(encoder, _Same(snapshot.texts), _Same(snapshot.duration))
