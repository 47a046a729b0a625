"""A small causal transformer's forward pass with frozen weights, in numpy alone.

SASRec (Kang and McAuley, ICDM 2018): the newest watches in their order, oldest first,
go through blocks of attention and a two-layer network, each after a layer norm and
around a residual; the last place's state times each item's embedding is its score.

    x = items[token] sqrt(d) + positions[place]
    x = x + attention(norm(x)),    x = x + relu(norm(x) up) down,    for each block
    score(v) = norm(x_last) . items[v]

Token 0 opens every sequence that has room for it: from this token alone the model
predicts a user's first watch. `train` is the same with gradients; a test compares both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ml.data.history import UserHistory
from recommender.ml.data.snapshot import FloatArray, GraphSnapshot, IntArray, positions
from recommender.ml.models.base import NOTHING_SEARCHED, Model, Parts
from recommender.ml.store.artifact import Artifact

START = 0
PADDING = -1  # before the start of a short sequence
EPSILON = 1e-5


@dataclass(frozen=True, eq=False)
class SasRecWeights:
    """The learned parameters: ``b`` blocks of width ``d``, ``h`` hidden, length ``n``.

    ``items`` is (1 + learned items, d), its first row the start token's; ``positions``
    (n, d), the last row the newest place's. By block: the norms' ``_scale`` and
    ``_shift`` (b, d), ``qkv`` (b, d, 3d), ``out`` (b, d, d), ``up`` (b, d, h), ``down``
    (b, h, d) and the biases of these four.
    """

    items: FloatArray
    positions: FloatArray
    attend_scale: FloatArray
    attend_shift: FloatArray
    qkv: FloatArray
    qkv_bias: FloatArray
    out: FloatArray
    out_bias: FloatArray
    feed_scale: FloatArray
    feed_shift: FloatArray
    up: FloatArray
    up_bias: FloatArray
    down: FloatArray
    down_bias: FloatArray
    final_scale: FloatArray
    final_shift: FloatArray

    @property
    def length(self) -> int:
        """The number of newest watches that count."""
        return len(self.positions)


class SequenceModel(Model):
    """Predicts the next watch from the order of the earlier ones.

    Items that training did not see have no embedding: their watches are skipped, and
    their own score is the lowest of all.
    """

    name = "sequence"

    def __init__(
        self,
        item_ids: IntArray,
        learned_ids: IntArray,
        weights: SasRecWeights,
        heads: int,
        searched: Mapping[str, Any] = NOTHING_SEARCHED,
    ) -> None:
        self.searched = searched
        self.item_ids = item_ids
        self._learned_ids = learned_ids
        self._weights = weights
        self._heads = heads
        self._row = positions(learned_ids, item_ids) + 1  # in weights.items; 0: none

    def embed_users(self, states: Sequence[UserHistory]) -> FloatArray:
        """(len(states), d): the state of the newest place of each history."""
        return encode(self.tokens(states), self._weights, self._heads)

    def tokens(self, states: Sequence[UserHistory]) -> IntArray:
        """(len(states), length): the newest known watches, the newest last."""
        tokens = np.full((len(states), self._weights.length), PADDING)
        for row, state in enumerate(states):
            newest = self._tokens(state)[-tokens.shape[1] :]
            tokens[row, tokens.shape[1] - len(newest) :] = newest
        return tokens

    def scores(self, states: Sequence[UserHistory]) -> FloatArray:
        learned = self.embed_users(states) @ self._weights.items[1:].T
        least = learned.min(1, keepdims=True)
        return np.asarray(np.hstack([least, learned])[:, self._row], np.float32)

    def score_each(
        self, states: Sequence[UserHistory], item_ids: npt.ArrayLike
    ) -> FloatArray:
        place = positions(self.item_ids, item_ids)
        row = self._row[np.maximum(place, 0)]
        if not row.all():  # an item without an embedding gets the least of all scores
            return super().score_each(states, item_ids)
        scores = self.embed_users(states) @ self._weights.items[row].T
        return np.where(place >= 0, scores, np.nan).astype(np.float32)

    def parts(self) -> Parts:
        arrays = {f"weights_{f.name}": getattr(self._weights, f.name) for f in WEIGHTS}
        return Parts(
            {"item_ids": self.item_ids, "learned_ids": self._learned_ids, **arrays},
            {"sequence": {"heads": self._heads}},
        )

    def renewed(self, snapshot: GraphSnapshot) -> SequenceModel:
        return SequenceModel(
            snapshot.item_ids, self._learned_ids, self._weights, self._heads
        )

    def _tokens(self, state: UserHistory) -> IntArray:
        """The start token, then the known watches, oldest first."""
        watched = state.watched
        order = np.argsort(watched.time, kind="stable")
        order = order[watched.weight[order] > 0]
        rows = positions(self._learned_ids, watched.ids[order]) + 1
        return np.concatenate([[START], rows[rows > 0]])


WEIGHTS = fields(SasRecWeights)


def load(artifact: Artifact) -> SequenceModel:
    """The model as `SequenceModel.parts` stored it."""
    weights = {f.name: artifact.array(f"weights_{f.name}") for f in WEIGHTS}
    return SequenceModel(
        artifact.array("item_ids"),
        artifact.array("learned_ids"),
        SasRecWeights(**weights),
        artifact.document("sequence")["heads"],
    )


def encode(tokens: IntArray, weights: SasRecWeights, heads: int) -> FloatArray:
    """(rows, d) states of the last place of ``tokens``, (rows, length)."""
    w, d = weights, weights.items.shape[1]
    x = w.items[np.maximum(tokens, 0)] * np.float32(np.sqrt(d)) + w.positions
    hidden = np.where(visible(tokens), np.float32(0), np.float32(-np.inf))[:, None]
    for b in range(len(w.qkv)):
        y = _norm(x, w.attend_scale[b], w.attend_shift[b]) @ w.qkv[b] + w.qkv_bias[b]
        # (rows, length, 3d) -> three of (rows, heads, length, d / heads)
        shape = (*y.shape[:2], 3, heads, d // heads)
        query, key, value = y.reshape(shape).transpose(2, 0, 3, 1, 4)
        logits = query @ key.swapaxes(2, 3) / np.float32(np.sqrt(d // heads)) + hidden
        power = np.exp(logits - logits.max(-1, keepdims=True))
        attended = (power / power.sum(-1, keepdims=True)) @ value
        attended = attended.transpose(0, 2, 1, 3).reshape(x.shape)
        x = x + attended @ w.out[b] + w.out_bias[b]
        y = _norm(x, w.feed_scale[b], w.feed_shift[b]) @ w.up[b] + w.up_bias[b]
        x = x + np.maximum(y, 0) @ w.down[b] + w.down_bias[b]
    last = _norm(x[:, -1], w.final_scale, w.final_shift)
    return np.asarray(last, np.float32)


def visible(tokens: IntArray) -> npt.NDArray[np.bool_]:
    """(rows, length, length): whether a place may attend to another: to itself and the
    tokens before it."""
    length = tokens.shape[1]
    before = np.tri(length, dtype=bool) & (tokens != PADDING)[:, None, :]
    return np.asarray(before | np.eye(length, dtype=bool))


def _norm(x: FloatArray, scale: FloatArray, shift: FloatArray) -> FloatArray:
    centred = x - x.mean(-1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
    return np.asarray(centred / deviation * scale + shift, np.float32)
