"""Training LightGCN (He et al., SIGIR 2020) as its paper does: BPR, uniform negatives.

Only the embeddings of users and items are learned; every step convolves them over the
whole graph. The paper's own code stops early on the test part; this does not.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn
from torch.nn import functional

from recommender.ml.data.snapshot import GraphSnapshot, IntArray
from recommender.ml.models.base import NOTHING_SEARCHED, Progress, no_progress
from recommender.ml.models.graphsage.network import Adjacency, WeightedMean
from recommender.ml.models.lightgcn.serve import Embeddings, LightGcn, normalised
from recommender.ml.train import early_stopping
from recommender.ml.train.distributed import Group, distributed_fit
from recommender.ml.train.loop import Loop, NetworkTrainer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # PyG compiles with torch.jit, which is deprecated
    from torch_geometric.nn import LightGCN

REDRAWS = 100


@dataclass(frozen=True)
class Config(early_stopping.Schedule):
    """``decay`` is the weight of the squared embeddings of a batch. The rest is named
    as in the paper; the learning rate is higher, to need fewer epochs."""

    epochs: int = 200
    patience: int = 40
    check_every: int = 5
    dim: int = 64
    layers: int = 3
    batch_size: int = 2048
    learning_rate: float = 0.005
    decay: float = 1e-4
    seed: int = 0


@distributed_fit("lightgcn")
def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> LightGcn:
    """Raises `ValueError` when the snapshot has no watches."""
    model: LightGcn = early_stopping.fit(
        lambda part: LightGcnTrainer(part, config), snapshot, config, progress
    )
    return model


class CsrConvolution(WeightedMean):
    """PyG's `LGConv` as a product of normalised CSR matrices."""

    def forward(
        self, x: Tensor, adjacency: Adjacency, edge_weight: None = None
    ) -> Tensor:
        return super().forward(x, adjacency)


class LightGcnNetwork(LightGCN):  # type: ignore[misc]
    """PyG's LightGCN over the watches of one snapshot.

    Users come first among the n_users + n_items nodes. The convolutions are CSR
    products, which are many times faster than PyG's sums over edges.
    """

    def __init__(self, snapshot: GraphSnapshot, dim: int, layers: int) -> None:
        super().__init__(snapshot.n_users + snapshot.n_items, dim, layers)
        self.convs = nn.ModuleList(CsrConvolution() for _ in range(layers))
        matrix = normalised(snapshot)
        both = sparse.block_array([[None, matrix], [matrix.T, None]], format="csr")
        self.adjacency = Adjacency.from_scipy(both)

    def reset_parameters(self) -> None:
        """Draw the embeddings as the paper's code does."""
        nn.init.normal_(self.embedding.weight, std=0.1)

    def vectors(self) -> Tensor:
        """(n_users + n_items, d): the mean of all layers."""
        vectors: Tensor = self.get_embedding(self.adjacency)
        return vectors


class LightGcnTrainer(NetworkTrainer[IntArray]):
    """LightGCN on one snapshot; seeded, so that a run can be repeated."""

    model_name = "lightgcn"

    def __init__(self, snapshot: GraphSnapshot, config: Config) -> None:
        super().__init__(snapshot, config)
        watched = snapshot.training_watches
        self._config, self._group = config, Group.current()
        self._user, self._item = watched.source, watched.target
        # Sorted, as edges are: whether a pair was watched is a binary search.
        self._pairs = watched.source * snapshot.n_items + watched.target
        self._random = np.random.default_rng(config.seed)
        with torch.random.fork_rng(devices=[]):
            self.network = LightGcnNetwork(snapshot, config.dim, config.layers)
            torch.manual_seed(config.seed)
            self.network.reset_parameters()
        self.loop = Loop(
            self.network,
            torch.optim.Adam(self.network.parameters(), lr=config.learning_rate),
            batches=self._batches,
            losses=self._losses,
            random=self._random,
        )

    def model(self, searched: Mapping[str, Any] = NOTHING_SEARCHED) -> LightGcn:
        learned = self.network.embedding.weight.detach().numpy().copy()
        snapshot = self._snapshot
        users, items = np.split(learned, [snapshot.n_users])
        embeddings = Embeddings(snapshot.user_ids, snapshot.item_ids, users, items)
        return LightGcn.from_embeddings(
            embeddings, snapshot, self._config.layers, searched
        )

    def _batches(self) -> list[IntArray]:
        """The places of all watches, once."""
        order = self._random.permutation(len(self._user))
        return np.array_split(order, -(-len(order) // self._config.batch_size))

    def examples(self, batch: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """(user, watched item, item not watched) of a batch."""
        user = self._user[batch]
        return user, self._item[batch], self._negatives(user)

    def _losses(self, batch: IntArray, step: int) -> Iterator[Tensor]:
        """This process's part of the mean loss of the batch's watches."""
        n_users, own = (
            self._snapshot.n_users,
            slice(self._group.rank, None, self._group.size),
        )
        user, watched, other = (rows[own] for rows in self.examples(batch))
        if not len(user):
            return
        rows = [
            torch.from_numpy(row) for row in (user, n_users + watched, n_users + other)
        ]
        vectors = self.network.vectors()
        u, i, j = (vectors[row] for row in rows)
        embedding = self.network.embedding.weight
        squares = sum((embedding[row] ** 2).sum() for row in rows)
        bpr = -functional.logsigmoid((u * i).sum(1) - (u * j).sum(1)).mean()
        decay = self._config.decay * squares / (2 * len(batch))
        yield bpr * (len(user) / len(batch)) + decay

    def _negatives(self, user: IntArray) -> IntArray:
        """A uniform item for each user, drawn again while it is a watched one, at most
        `REDRAWS` times."""
        n_items = self._snapshot.n_items
        drawn = self._random.integers(n_items, size=len(user))
        for _ in range(REDRAWS):
            pairs = user * n_items + drawn
            place = np.searchsorted(self._pairs, pairs)
            place = np.minimum(place, len(self._pairs) - 1)
            seen = np.flatnonzero(self._pairs[place] == pairs)
            if not len(seen):
                break
            drawn[seen] = self._random.integers(n_items, size=len(seen))
        return drawn
