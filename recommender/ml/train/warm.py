"""Weights of earlier fits, from which a later fit of the same model may start.

The caller opens a scope (`kept`). In it each network leaves the weights that it learned
under its name, and a fit whose number of epochs is known starts from those that it
finds. The caller orders the fits, so that no model is measured on data that its weights
have seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.ml.data.snapshot import FloatArray, IntArray, positions

EPOCHS = 1 / 3  # of a cold fit's, for one that starts from weights

_kept: ContextVar[dict[str, Any] | None] = ContextVar("warm", default=None)


@dataclass(frozen=True, eq=False)
class KeptVectors:
    """``vectors`` (items, width) along sorted ``item_ids``."""

    item_ids: IntArray
    vectors: FloatArray

    def of(self, item_ids: IntArray) -> FloatArray:
        """(len(item_ids), width), 0 for other items."""
        place = positions(self.item_ids, item_ids)
        return np.where(place[:, None] >= 0, self.vectors[place], 0).astype(np.float32)


@contextmanager
def kept(weights: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Keep weights by name of model, at first those given, until the block ends."""
    token = _kept.set(dict(weights or {}))
    try:
        yield
    finally:
        _kept.reset(token)


def weights_of(name: str) -> Any:
    """The weights last kept for model ``name``; None without."""
    return (_kept.get() or {}).get(name)


def scope_of(name: str) -> dict[str, Any] | None:
    """What `kept` needs to open the same scope elsewhere, for one model; None outside
    of a scope."""
    scope = _kept.get()
    return None if scope is None else {name: scope.get(name)}


def keep(name: str, weights: Any) -> None:
    """Leave ``weights`` for later fits of model ``name``, inside `kept`."""
    scope = _kept.get()
    if scope is not None:
        scope[name] = weights
