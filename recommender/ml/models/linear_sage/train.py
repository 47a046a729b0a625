"""Trains linear GraphSAGE on ids; `serve` describes the model.

Each step takes a batch of people with all their watches. The loss is a softmax over
cosines, of the watched item against random items that the batch shares, or against all
if there are at most ``negatives`` (Wu et al., "On the Effectiveness of Sampled Softmax
Loss for Item Recommendation", TOIS 2024); optionally also of the person against the
others of the batch (as Radford et al., ICML 2021).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn
from torch.nn import functional

from recommender.ml.data import splits
from recommender.ml.data.snapshot import GraphSnapshot, IntArray
from recommender.ml.data.splits import Cut, Holdout
from recommender.ml.evaluation import evaluate
from recommender.ml.models.base import NOTHING_SEARCHED, Progress, no_progress
from recommender.ml.models.graphsage.network import Adjacency, WeightedMean
from recommender.ml.models.lightgcn.serve import Embeddings, normalised
from recommender.ml.models.linear_sage.serve import LinearSage, Shape, watched_together
from recommender.ml.train.budget import until_spent
from recommender.ml.train.distributed import Group, distributed_fit
from recommender.ml.train.loop import Loop, NetworkTrainer

EXPONENTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
LEANS = (0.0, 0.25, 0.5, 1.0, 2.0)
WIDES = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0)
WARM_UP = 20  # steps


@dataclass(frozen=True)
class Config:
    """``together`` weighs the ``neighbours`` most watched together, ``people_weight``
    the softmax over the people of a batch.

    ``exponent``, ``lean`` and ``wide`` (see `serve`) are found on a validation part if
    they are None. Set ``ordered`` if the order of watches is meaningful: the part is
    then each person's last watches, and the search includes ``lean``.
    """

    dim: int = 128
    hops: int = 2
    together: float = 1.0
    neighbours: int = 10
    epochs: int = 20
    batch_size: int = 1024
    negatives: int = 4096
    learning_rate: float = 0.03
    temperature: float = 0.12
    people_weight: float = 0.0
    ordered: bool = False
    exponent: float | None = None
    lean: float | None = None
    wide: float | None = None
    validation: float = 0.1
    seed: int = 0

    def shape(self, exponent: float, lean: float, wide: float) -> Shape:
        """The settings that serving needs."""
        return Shape(self.hops, self.together, self.neighbours, exponent, lean, wide)


@distributed_fit("graphsage_ids")
def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> LinearSage:
    """Search the settings that are None, then train on everything.

    Raises `ValueError` if the snapshot has no watches.
    """
    choices = _choices(config)
    shape = config.shape(*(choice[0] for choice in choices))
    if any(len(choice) > 1 for choice in choices):
        part = splits.validation_part(
            snapshot,
            config.validation,
            cut=Cut.LAST if config.ordered else Cut.CLUSTER,
            seed=config.seed,
        )
        if part is not None:
            trained = _train(part.history, config, "validate", progress)
            shape = _search(trained, part, config)
    embeddings = _train(snapshot, config, "train", progress)
    searched = {name: getattr(shape, name) for name in ("exponent", "lean", "wide")}
    return LinearSage.from_embeddings(embeddings, snapshot, shape, searched)


def _choices(config: Config) -> list[tuple[float, ...]]:
    """The values to try for exponent, lean and wide; one where it is set."""
    settings = (
        (config.exponent, EXPONENTS),
        (config.lean, LEANS if config.ordered else (0.0,)),
        (config.wide, WIDES),
    )
    return [options if value is None else (value,) for value, options in settings]


def _search(embeddings: Embeddings, part: Holdout, config: Config) -> Shape:
    """The shape of greatest NDCG@20 on ``part``: first exponent and lean together, then
    wide."""

    def value(shape: Shape) -> float:
        model = LinearSage.from_embeddings(embeddings, part.history, shape)
        values = evaluate.ranking_metrics(evaluate.rank_items(model, part, 20), part)
        return float(values["ndcg@20"].mean())

    exponents, leans, wides = _choices(config)
    pairs = product(exponents, leans)
    shapes = (config.shape(*pair, wides[0]) for pair in pairs)
    best = max(until_spent(shapes), key=value)
    wider = (replace(best, wide=wide) for wide in wides)
    return max(until_spent(wider), key=value)


def _train(
    snapshot: GraphSnapshot, config: Config, stage: str, progress: Progress
) -> Embeddings:
    trainer = LinearSageTrainer(snapshot, config)
    for step in trainer.run(config.epochs, stage=stage):
        progress(step)
    return trainer.embeddings()


class LinearSageNetwork(nn.Module):
    """Embeddings of users and items, and their graph convolution."""

    def __init__(self, snapshot: GraphSnapshot, config: Config) -> None:
        super().__init__()
        self.users = nn.Parameter(0.1 * torch.randn(snapshot.n_users, config.dim))
        self.items = nn.Parameter(0.1 * torch.randn(snapshot.n_items, config.dim))
        self._hops, self._together = config.hops, config.together
        self._mean = WeightedMean()
        matrix = normalised(snapshot)
        self._to_users = Adjacency.from_scipy(matrix)
        self._to_items = Adjacency(self._to_users.transposed, self._to_users.matrix)
        if config.together:
            nearest = watched_together(matrix, config.neighbours)
            self._nearest = Adjacency.from_scipy(nearest)

    def forward(self) -> tuple[Tensor, Tensor]:
        """Vectors of users (n_users, d) and items (n_items, d): sums of the layers."""
        u: Tensor = self.users
        i: Tensor = self.items
        if self._together:
            i = i + self._together * self._mean(i, self._nearest)
        users, items = u, i
        for _ in range(self._hops):
            u, i = self._mean(i, self._to_users), self._mean(u, self._to_items)
            users, items = users + u, items + i
        return users, items


class _PairScores(torch.autograd.Function):
    """Products of the pairs in a sparse pattern, with sparse gradients.

    The backward pass of a gather adds row by row, which is ten times slower.
    """

    @staticmethod
    def forward(
        ctx: Any, users: Tensor, items: Tensor, pattern: sparse.csr_array
    ) -> Tensor:
        ctx.save_for_backward(users, items)
        ctx.pattern = pattern
        row = np.repeat(np.arange(pattern.shape[0]), np.diff(pattern.indptr))
        return (users[row] * items[pattern.indices]).sum(1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        users, items = ctx.saved_tensors
        pattern = ctx.pattern
        weight = sparse.csr_array(
            (gradients[0].numpy(), pattern.indices, pattern.indptr), pattern.shape
        )
        return (
            torch.from_numpy(weight @ items.numpy()),
            torch.from_numpy(weight.T @ users.numpy()),
            None,
        )


class LinearSageTrainer(NetworkTrainer[IntArray]):
    """Trains linear GraphSAGE on one snapshot; reproducible by its seed."""

    model_name = "graphsage_ids"

    def __init__(self, snapshot: GraphSnapshot, config: Config) -> None:
        super().__init__(snapshot, config)
        watched = snapshot.training_watches
        self._config = config
        self._matrix = sparse.csr_array(
            (watched.weight, (watched.source, watched.target)),
            shape=(snapshot.n_users, snapshot.n_items),
        )
        self._weight = np.asarray(self._matrix.sum(1)).ravel()
        self._random = np.random.default_rng(config.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self._network = LinearSageNetwork(snapshot, config)
        self._steps = -(-snapshot.n_users // config.batch_size)  # an epoch
        self._group = Group.current()
        self.loop = Loop(
            self._network,
            torch.optim.Adam(self._network.parameters(), betas=(0.9, 0.99), fused=True),
            batches=self._batches,
            losses=self._losses,
            random=self._random,
            rate=self._rate,
        )

    def model(self, searched: Mapping[str, Any] = NOTHING_SEARCHED) -> LinearSage:
        shape = self._config.shape(*(choice[0] for choice in _choices(self._config)))
        return LinearSage.from_embeddings(
            self.embeddings(), self._snapshot, shape, searched
        )

    def embeddings(self) -> Embeddings:
        """A copy of the embeddings learned so far."""
        snapshot, network = self._snapshot, self._network
        return Embeddings(
            snapshot.user_ids,
            snapshot.item_ids,
            network.users.detach().numpy().copy(),
            network.items.detach().numpy().copy(),
        )

    def _batches(self) -> list[IntArray]:
        """All users once, in random batches."""
        order = self._random.permutation(self._snapshot.n_users)
        return [np.sort(users) for users in np.array_split(order, self._steps)]

    def _losses(self, batch: IntArray, step: int) -> Iterator[Tensor]:
        """The weighted mean loss of a watch; the share of this process's people."""
        config, group = self._config, self._group
        users = batch[group.rank :: group.size]
        pattern = self._matrix[users]
        user_vectors, item_vectors = self._network()
        u = functional.normalize(user_vectors[torch.from_numpy(users)])
        i = functional.normalize(item_vectors)
        negatives = self._item_logsumexp(u, i)
        watched = _PairScores.apply(u, i, pattern) / config.temperature
        row = np.repeat(np.arange(len(users)), np.diff(pattern.indptr))
        weight = torch.from_numpy(pattern.data)
        total = negatives[torch.from_numpy(row)]
        if self._sampled:
            total = torch.logaddexp(watched, total)
        loss = total - watched
        if config.people_weight:
            everyone = functional.normalize(user_vectors[torch.from_numpy(batch)])
            total = self._people_logsumexp(everyone, i, pattern.indices)
            loss = loss + config.people_weight * (total - watched)
        yield (weight * loss).sum() / float(self._weight[batch].sum())

    @property
    def _sampled(self) -> bool:
        return self._snapshot.n_items > self._config.negatives

    def _item_logsumexp(self, users: Tensor, items: Tensor) -> Tensor:
        """(users,): the log of the sum over all items, estimated if sampled."""
        config, count = self._config, self._snapshot.n_items
        if not self._sampled:
            return torch.logsumexp(users @ items.T / config.temperature, 1)
        drawn = torch.from_numpy(self._random.integers(count, size=config.negatives))
        scores = users @ items[drawn].T / config.temperature
        return torch.logsumexp(scores, 1) + math.log(count / config.negatives)

    def _people_logsumexp(
        self, users: Tensor, items: Tensor, watched: IntArray
    ) -> Tensor:
        """(watched,): for each ``watched`` item, the log of the sum over ``users``."""
        columns, column = np.unique(watched, return_inverse=True)
        scores = users @ items[torch.from_numpy(columns)].T / self._config.temperature
        return torch.logsumexp(scores, 0)[torch.from_numpy(column)]

    def _rate(self, epoch: int, step: int) -> float:
        """The learning rate: a warm-up, then linear decay to a tenth."""
        done = step / (self._steps * self._config.epochs)
        factor = min(1.0, (step + 1) / WARM_UP) * (1 - 0.9 * done)
        return self._config.learning_rate * factor
