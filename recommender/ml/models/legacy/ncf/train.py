"""Training `ncf`, the older systems' network (after He et al., WWW 2017), with two of
its faults repaired.

Embeddings of the user and of the video, joined with an interaction input, go through
128 units (ReLU, dropout .5) and 64 (ReLU, dropout .3) to a softmax. The older systems
had one output unit, and a softmax over one unit is always 1: it learns nothing. Here it
is over the reactions: none, viewed, liked, and inspired where the data have any. The
expected reaction, 0 to 3, ranks the items; the RMSE is that of the expected reaction.

Their interaction input was the present like or view, which is the target and does not
exist when serving. Here it is counted from earlier history; see `inputs`.

Unknown users and videos share a bucket each, trained by putting a share of the known
ids into it at random. A missing input is imputed by its mean, with a flag.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recommender.ml.data.scaler import Scaler
from recommender.ml.data.snapshot import GraphSnapshot, IntArray, TimeArray
from recommender.ml.data.splits import reactions
from recommender.ml.models.base import NOTHING_SEARCHED, Progress, no_progress
from recommender.ml.models.legacy.ncf.inputs import ItemStatistics, Past
from recommender.ml.models.legacy.ncf.serve import UNKNOWN, Ncf, NcfWeights
from recommender.ml.train import early_stopping
from recommender.ml.train.distributed import Group, distributed_fit
from recommender.ml.train.dropout import Dropout
from recommender.ml.train.loop import Loop, NetworkTrainer

HIDDEN = (128, 64)
DROPOUT = (0.5, 0.3)


@dataclass(frozen=True)
class Config(early_stopping.Schedule):
    """``negatives`` unwatched items are drawn for each watched one; the shares
    ``unknown_users`` and ``unknown_items`` of ids train the unknown buckets."""

    epochs: int = 30
    patience: int = 5
    dim: int = 32
    negatives: int = 4
    batch_size: int = 1024
    learning_rate: float = 0.001
    unknown_users: float = 0.1
    unknown_items: float = 0.02
    seed: int = 0


@distributed_fit("ncf")
def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> Ncf:
    """Raises `ValueError` when the snapshot has no watches."""
    model: Ncf = early_stopping.fit(
        lambda part: NcfTrainer(part, config), snapshot, config, progress
    )
    return model


class NcfNetwork(nn.Module):
    """The model of `serve`; parameters have the names of `NcfWeights`."""

    def __init__(
        self, n_users: int, n_items: int, *, inputs: int, classes: int, dim: int
    ) -> None:
        super().__init__()
        self.users = nn.Embedding(1 + n_users, dim)
        self.items = nn.Embedding(1 + n_items, dim)
        for table in (self.users, self.items):
            nn.init.normal_(table.weight, std=0.05)
        self.first = nn.Linear(2 * dim + inputs, HIDDEN[0])
        self.second = nn.Linear(HIDDEN[0], HIDDEN[1])
        self.output = nn.Linear(HIDDEN[1], classes)

    def forward(
        self,
        user: Tensor,
        item: Tensor,
        inputs: Tensor,
        dropout: Dropout | None = None,
    ) -> Tensor:
        """(n, classes) logits of rows ``user`` and ``item`` (n,)."""
        x = torch.cat([self.users(user), self.items(item), inputs], 1)
        for layer, share in zip((self.first, self.second), DROPOUT, strict=True):
            x = functional.relu(layer(x))
            x = dropout(x, share) if dropout else x
        logits: Tensor = self.output(x)
        return logits

    def weights(self, snapshot: GraphSnapshot) -> NcfWeights:
        """A copy of the parameters, along the ids of ``snapshot``."""
        learned = {
            name.removesuffix(".weight").replace(".", "_"): p.detach().numpy().copy()
            for name, p in self.named_parameters()
        }
        for name in ("first", "second", "output"):
            learned[name] = np.ascontiguousarray(learned[name].T)
        return NcfWeights(snapshot.user_ids, snapshot.item_ids, **learned)


class NcfTrainer(NetworkTrainer[Tensor]):
    """NCF on one snapshot; seeded, so that a run can be repeated."""

    model_name = "ncf"

    def __init__(self, snapshot: GraphSnapshot, config: Config) -> None:
        super().__init__(snapshot, config)
        self._watched = snapshot.training_watches
        self._config, self._group = config, Group.current()
        self._past = Past(snapshot)
        self._reaction = reactions(snapshot, self._watched.source, self._watched.target)
        self._random = np.random.default_rng(config.seed)
        *_, inputs, _ = self._examples()
        self.scaler = Scaler.fit(inputs)
        self._columns: list[Tensor] = []  # of this epoch's examples
        self._noise = torch.Generator()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.network = NcfNetwork(
                snapshot.n_users,
                snapshot.n_items,
                inputs=self.scaler.size,
                classes=max(2, int(self._reaction.max())) + 1,
                dim=config.dim,
            )
            self._noise.set_state(torch.get_rng_state())
        self.loop = Loop(
            self.network,
            torch.optim.Adam(self.network.parameters(), lr=config.learning_rate),
            batches=self._batches,
            losses=self._losses,
            random=self._random,
            noise=self._noise,
        )

    def model(self, searched: Mapping[str, Any] = NOTHING_SEARCHED) -> Ncf:
        snapshot = self._snapshot
        return Ncf(
            snapshot.item_ids,
            ItemStatistics.from_snapshot(snapshot),
            self.network.weights(snapshot),
            self.scaler,
            searched,
        )

    def _batches(self) -> list[Tensor]:
        """Draw the examples of an epoch; returns the rows of each batch."""
        user, item, inputs, reaction = self._examples()
        self._columns = [
            torch.from_numpy(self._bucketed(user, self._config.unknown_users)),
            torch.from_numpy(self._bucketed(item, self._config.unknown_items)),
            torch.from_numpy(self.scaler.scale(inputs)),
            torch.from_numpy(reaction),
        ]
        order = torch.from_numpy(self._random.permutation(len(user)))
        return list(torch.split(order, self._config.batch_size))

    def _losses(self, batch: Tensor, step: int) -> Iterator[Tensor]:
        """This process's part of the mean loss of the batch's examples."""
        own = slice(self._group.rank, None, self._group.size)
        dropout = Dropout(self._noise, len(batch), own)
        user, item, inputs, reaction = (column[batch[own]] for column in self._columns)
        logits = self.network(user, item, inputs, dropout)
        if len(user):
            share = len(user) / len(batch)
            yield functional.cross_entropy(logits, reaction) * share

    def _examples(self) -> tuple[IntArray, IntArray, TimeArray, IntArray]:
        """(user, item, raw inputs, reaction): each watch, and for each at the same
        moment ``negatives`` uniform items, less those that the user watched."""
        watched, n_items = self._watched, self._snapshot.n_items
        user = np.repeat(watched.source, self._config.negatives)
        time = np.repeat(watched.time, self._config.negatives)
        item = self._random.integers(n_items, size=len(user))
        pairs = watched.source * n_items + watched.target
        unwatched = ~np.isin(user * n_items + item, pairs)
        user = np.concatenate([watched.source, user[unwatched]])
        item = np.concatenate([watched.target, item[unwatched]])
        time = np.concatenate([watched.time, time[unwatched]])
        no_reaction = np.zeros(len(user) - len(watched), np.int64)
        inputs = self._past.before(user, item, time)
        return user, item, inputs, np.concatenate([self._reaction, no_reaction])

    def _bucketed(self, dense: IntArray, share: float) -> IntArray:
        """Rows of an embedding: 1 + dense id, a ``share`` of them the unknown one."""
        hidden = self._random.random(len(dense)) < share
        return np.where(hidden, UNKNOWN, dense + 1)
