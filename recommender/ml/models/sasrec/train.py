"""Training SASRec: predict the next watch at every place of every history.

As Kang and McAuley (ICDM 2018), but with a softmax over all items, or a sample of them,
instead of one negative: with it SASRec does better than BERT4Rec (Klenitskiy and
Vasilev, RecSys 2023; Petrov and Macdonald, RecSys 2023).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recommender.ml.data.snapshot import GraphSnapshot, IntArray
from recommender.ml.models.base import NOTHING_SEARCHED, Progress, no_progress
from recommender.ml.models.sasrec.serve import (
    PADDING,
    START,
    SasRecWeights,
    SequenceModel,
    visible,
)
from recommender.ml.train import early_stopping, losses
from recommender.ml.train.distributed import Group, distributed_fit
from recommender.ml.train.dropout import Dropout
from recommender.ml.train.loop import Loop, NetworkTrainer


@dataclass(frozen=True)
class Config(early_stopping.Schedule):
    """``length`` newest watches count, through ``blocks`` of width ``dim``. Softmax is
    over all items up to ``negatives`` of them, over as many uniform ones beyond."""

    epochs: int = 40
    patience: int = 5
    dim: int = 64
    blocks: int = 2
    heads: int = 2
    length: int = 50
    dropout: float = 0.2
    batch_size: int = 128
    negatives: int = 2048
    learning_rate: float = 0.001
    seed: int = 0


@distributed_fit("sequence")
def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> SequenceModel:
    """Raises `ValueError` when the snapshot has no watches."""
    model: SequenceModel = early_stopping.fit(
        lambda part: SasRecTrainer(part, config), snapshot, config, progress
    )
    return model


class SasRecNetwork(nn.Module):
    """The model of `serve`; parameters have the names of `SasRecWeights`."""

    def __init__(self, n_items: int, config: Config) -> None:
        super().__init__()
        d, b = config.dim, config.blocks

        def normal(*shape: int) -> nn.Parameter:
            return nn.Parameter(0.02 * torch.randn(*shape))

        def linear(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(*shape) * shape[-2] ** -0.5)

        def constant(value: float, *shape: int) -> nn.Parameter:
            return nn.Parameter(torch.full(shape, value))

        self.heads, self.share = config.heads, config.dropout
        self.items, self.positions = normal(1 + n_items, d), normal(config.length, d)
        self.attend_scale, self.attend_shift = constant(1.0, b, d), constant(0.0, b, d)
        self.qkv, self.qkv_bias = linear(b, d, 3 * d), constant(0.0, b, 3 * d)
        self.out, self.out_bias = linear(b, d, d), constant(0.0, b, d)
        self.feed_scale, self.feed_shift = constant(1.0, b, d), constant(0.0, b, d)
        self.up, self.up_bias = linear(b, d, d), constant(0.0, b, d)
        self.down, self.down_bias = linear(b, d, d), constant(0.0, b, d)
        self.final_scale, self.final_shift = constant(1.0, d), constant(0.0, d)

    def forward(self, tokens: IntArray, dropout: Dropout | None = None) -> Tensor:
        """(rows, length, d) states of ``tokens`` (rows, length)."""

        def drop(x: Tensor) -> Tensor:
            return dropout(x, self.share) if dropout else x

        d = self.items.shape[1]
        mask = torch.from_numpy(visible(tokens))[:, None]
        rows = torch.from_numpy(np.maximum(tokens, 0))
        x = drop(functional.embedding(rows, self.items) * d**0.5 + self.positions)
        for b in range(len(self.qkv)):
            y = functional.layer_norm(
                x, (d,), self.attend_scale[b], self.attend_shift[b]
            )
            y = y @ self.qkv[b] + self.qkv_bias[b]
            shape = (*tokens.shape, 3, self.heads, d // self.heads)
            query, key, value = y.view(shape).permute(2, 0, 3, 1, 4)
            attended = functional.scaled_dot_product_attention(
                query, key, value, attn_mask=mask
            )
            attended = attended.transpose(1, 2).flatten(2)
            x = x + drop(attended @ self.out[b] + self.out_bias[b])
            y = functional.layer_norm(x, (d,), self.feed_scale[b], self.feed_shift[b])
            y = functional.relu(y @ self.up[b] + self.up_bias[b])
            x = x + drop(y @ self.down[b] + self.down_bias[b])
        return functional.layer_norm(x, (d,), self.final_scale, self.final_shift)

    def weights(self) -> SasRecWeights:
        """A copy of the parameters."""
        learned = self.named_parameters()
        return SasRecWeights(**{name: p.detach().numpy().copy() for name, p in learned})


class SasRecTrainer(NetworkTrainer[IntArray]):
    """SASRec on one snapshot; seeded, so that a run can be repeated."""

    model_name = "sequence"

    def __init__(self, snapshot: GraphSnapshot, config: Config) -> None:
        super().__init__(snapshot, config)
        self._config, self._group = config, Group.current()
        self._tokens, self._next = sequences(snapshot, config.length)
        self._random = np.random.default_rng(config.seed)
        self._noise = torch.Generator()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.network = SasRecNetwork(snapshot.n_items, config)
            self._noise.set_state(torch.get_rng_state())
        self.loop = Loop(
            self.network,
            torch.optim.Adam(
                self.network.parameters(), lr=config.learning_rate, betas=(0.9, 0.98)
            ),
            batches=self._batches,
            losses=self._losses,
            random=self._random,
            noise=self._noise,
        )

    def model(self, searched: Mapping[str, Any] = NOTHING_SEARCHED) -> SequenceModel:
        ids = self._snapshot.item_ids
        return SequenceModel(
            ids, ids, self.network.weights(), self._config.heads, searched
        )

    def _batches(self) -> list[IntArray]:
        """Every row of tokens once."""
        order = self._random.permutation(len(self._tokens))
        return np.array_split(order, -(-len(order) // self._config.batch_size))

    def _losses(self, batch: IntArray, step: int) -> Iterator[Tensor]:
        """This process's part of the mean loss of the batch's places."""
        own = slice(self._group.rank, None, self._group.size)
        dropout = Dropout(self._noise, len(batch), own)
        following = self._next[batch[own]]
        places = following != PADDING
        states = self.network(self._tokens[batch[own]], dropout)
        loss = self._loss(states[torch.from_numpy(places)], following[places])
        if places.any():
            yield loss * float(places.sum() / (self._next[batch] != PADDING).sum())

    def _loss(self, states: Tensor, wanted: IntArray) -> Tensor:
        """The mean loss of dense items ``wanted`` (m,), from ``states`` (m, d)."""
        items, n_items = self.network.items[1:], self._snapshot.n_items
        target = torch.from_numpy(wanted)
        if n_items <= self._config.negatives:
            return functional.cross_entropy(states @ items.T, target)
        drawn = self._random.choice(n_items, self._config.negatives, replace=False)
        column = np.full(n_items, -1)
        column[drawn] = np.arange(len(drawn))
        own = np.flatnonzero(column[wanted] >= 0)
        return losses.sampled_softmax(
            (states * items[target]).sum(1),
            states @ items[torch.from_numpy(drawn)].T,
            torch.ones(len(states)),
            (torch.from_numpy(own), torch.from_numpy(column[wanted[own]])),
            temperature=1.0,
            n_items=n_items,
        )


def sequences(snapshot: GraphSnapshot, length: int) -> tuple[IntArray, IntArray]:
    """Tokens, (rows, length), and the dense item that followed each.

    Each history, opened by the start token, is cut into rows from its end. Token i + 1
    is item i; `PADDING` is before the start. Raises `ValueError` without
    any watch.
    """
    watched = snapshot.training_watches
    order = np.lexsort((watched.time, watched.source))
    item = watched.target[order]
    _, start, count = np.unique(
        watched.source[order], return_index=True, return_counts=True
    )
    # The place of each watch, counted from its user's newest, names its row and column.
    user = np.repeat(np.arange(len(count)), count)
    from_end = np.repeat(start + count, count) - 1 - np.arange(len(item))
    rows = -(-count // length)
    row = (np.cumsum(rows) - 1)[user] - from_end // length
    column = length - 1 - from_end % length
    tokens = np.full((rows.sum(), length), PADDING)
    following = tokens.copy()
    following[row, column] = item
    previous = np.concatenate([[START], item[:-1] + 1])
    previous[start] = START
    tokens[row, column] = previous
    return tokens, following
