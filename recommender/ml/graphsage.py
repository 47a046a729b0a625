"""Training GraphSAGE (Hamilton et al., NeurIPS 2017), semi-supervised.

Links are learned by softmax over cosines, categories by hiding them (as masked labels,
Shi et al., IJCAI 2021); `batches.py` says what keeps the two from looking ahead.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from recommender.ml import evaluate, losses, training
from recommender.ml.batches import Flags, Histories, Targets, graph_before
from recommender.ml.encoder import Windowing
from recommender.ml.features import ContentEncoder
from recommender.ml.graph import Edges, GraphSnapshot, IntArray
from recommender.ml.inference import GraphSageModel
from recommender.ml.models import Progress, TrainingStep, silent
from recommender.ml.network import GraphSage, Masks, Nodes
from recommender.ml.splits import Holdout


@dataclass(frozen=True)
class Config:
    """Settings; the defaults were chosen on validation parts alone.

    ``epochs`` bounds training, which ends after ``patience`` epochs without gain on
    the last ``validation`` share of watches. ``stop_after`` tells the number of epochs
    to run instead, as an earlier fit ``found`` it. Softmax is over all
    items up to ``negatives`` of them, over as many uniform ones beyond. ``balance``
    see `Targets`. The dropouts hide ids, watchers with trends (a new video), labels,
    and watches of a user (a new person). ``window`` and the fades see `Windowing`.
    """

    dim: int = 64
    trend_dim: int = 4
    text_size: int = 48
    epochs: int = 12
    patience: int = 4
    validation: float = 0.1
    stop_after: int = 0
    batch_size: int = 1024
    blocks: int = 10
    negatives: int = 2048
    learning_rate: float = 0.01
    temperature: float = 0.15
    balance: float = 0.5
    label_weight: float = 0.1
    id_dropout: float = 0.3
    edge_dropout: float = 0.1
    label_dropout: float = 0.2
    history_dropout: float = 0.05
    window: int = 50
    long_fade: float = 25.0
    short_fade: float = 3.0
    seed: int = 0

    @property
    def windowing(self) -> Windowing:
        """What serving needs to know of the settings."""
        return Windowing(self.window, self.long_fade, self.short_fade)


def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = silent
) -> GraphSageModel:
    """Find the number of epochs on the last part in time, then train on everything.

    Raises `ValueError` when the snapshot has no watches.
    """
    encoder = ContentEncoder.fit(
        snapshot.texts,
        snapshot.duration,
        text_size=config.text_size,
        seed=config.seed,
    )
    epochs = config.stop_after
    if not epochs:
        epochs = config.epochs
        part = training.validation_part(snapshot, config.validation)
        if part is not None:
            epochs = Trainer(part.history, encoder, config).best_epoch(part, progress)
    trainer = Trainer(snapshot, encoder, config)
    for step in trainer.run(epochs, stage="train"):
        progress(step)
    model = trainer.model()
    model.found = {"stop_after": epochs}
    return model


class Trainer:
    """One network on one snapshot; seeded, so that a run can be repeated."""

    def __init__(
        self, snapshot: GraphSnapshot, encoder: ContentEncoder, config: Config
    ) -> None:
        self._snapshot, self._encoder, self._config = snapshot, encoder, config
        self._random = np.random.default_rng(config.seed)
        self._targets = Targets.of(
            snapshot, blocks=config.blocks, balance=config.balance
        )
        self._histories = Histories.of(snapshot, config.windowing)
        content = encoder.encode(snapshot.texts, snapshot.duration)
        self._graphs = [
            graph_before(snapshot, content, config.windowing, start)
            for start in self._targets.starts
        ]
        self._categories = _labels(
            snapshot.in_category, snapshot.n_items, snapshot.n_categories
        )
        self._interests = _labels(
            snapshot.interested_in, snapshot.n_users, snapshot.n_parents
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self._network = GraphSage(
                snapshot, encoder.size, dim=config.dim, trend_dim=config.trend_dim
            )
        self._optimizer = torch.optim.Adam(
            self._network.parameters(), lr=config.learning_rate, betas=(0.9, 0.99)
        )

    def model(self) -> GraphSageModel:
        """The model as it stands, with the snapshot's nodes embedded."""
        return GraphSageModel.from_weights(
            self._network.weights(self._snapshot),
            self._encoder,
            self._config.windowing,
            self._snapshot,
        )

    def best_epoch(self, part: Holdout, progress: Progress = silent) -> int:
        """The epoch of greatest Recall@20 on ``part``, ending early without gain."""
        best, best_recall = 1, -1.0
        for step in self.run(self._config.epochs, stage="validate"):
            lists = evaluate.ranked(self.model(), part, 20)
            recall = float(evaluate.per_user(lists, part)["recall@20"].mean())
            progress(replace(step, validation=recall))
            if recall > best_recall:
                best, best_recall = step.epoch, recall
            if step.epoch - best >= self._config.patience:
                break
        return best

    def run(self, epochs: int, *, stage: str) -> Iterator[TrainingStep]:
        """Train, yielding after each epoch.

        The learning rate falls to a tenth over the configured epochs, however many
        are run: so many epochs are the same steps whoever asks for them.
        """
        config = self._config
        for epoch in range(1, epochs + 1):
            began = time.perf_counter()
            for group in self._optimizer.param_groups:
                done = (epoch - 1) / config.epochs
                group["lr"] = config.learning_rate * (1 - 0.9 * done)
            batches = self._targets.batches(config.batch_size, self._random)
            found = [self._step(block, batch) for block, batch in batches]
            yield TrainingStep(
                stage=stage,
                epoch=epoch,
                epochs=epochs,
                loss=float(np.mean(found)),
                validation=None,
                seconds=time.perf_counter() - began,
            )

    def _step(self, block: int, batch: IntArray) -> float:
        config, targets, network = self._config, self._targets, self._network
        user, time = targets.user[batch], targets.time[batch]
        masks = self._masks()
        interested = self._kept(config.label_dropout, len(batch))
        windows = self._histories.before(
            user,
            time,
            targets.item[batch],
            known=self._kept(config.history_dropout, len(batch)),
            interested=interested,
        )
        nodes = network.nodes(self._graphs[block], masks)
        users = network.users(nodes, self._histories.means(windows), len(batch))
        loss = self._link_loss(users, nodes, batch)
        if config.label_weight:
            wanted = self._interests[torch.from_numpy(user)]
            hidden = torch.from_numpy(~interested)
            loss = loss + config.label_weight * (
                losses.label_loss(
                    network.item_labels,
                    nodes.items,
                    self._categories,
                    masks.labels[:, 0] == 0,
                )
                + losses.label_loss(network.user_labels, users, wanted, hidden)
            )
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        self._optimizer.step()
        return float(loss.detach())

    def _link_loss(self, users: Tensor, nodes: Nodes, batch: IntArray) -> Tensor:
        config, targets, network = self._config, self._targets, self._network
        n_items, own = self._snapshot.n_items, targets.item[batch]
        weight = torch.from_numpy(targets.weight[batch])
        row, seen = self._histories.seen(targets.user[batch], targets.time[batch])
        if n_items <= config.negatives:
            return losses.softmax(
                network.scores(users, nodes),
                torch.from_numpy(own),
                weight,
                (torch.from_numpy(row), torch.from_numpy(seen)),
                temperature=config.temperature,
            )
        drawn = self._random.choice(n_items, config.negatives, replace=False)
        column = np.full(n_items, -1)
        column[drawn] = np.arange(len(drawn))
        row = np.concatenate([row, np.arange(len(own))])
        out = column[np.concatenate([seen, own])]
        return losses.sampled_softmax(
            network.paired_scores(users, nodes.at(torch.from_numpy(own))),
            network.scores(users, nodes.at(torch.from_numpy(drawn))),
            weight,
            (torch.from_numpy(row[out >= 0]), torch.from_numpy(out[out >= 0])),
            temperature=config.temperature,
            n_items=n_items,
        )

    def _masks(self) -> Masks:
        config = self._config

        def keep(dropout: float) -> Tensor:
            kept = self._kept(dropout, self._snapshot.n_items)
            return torch.from_numpy(kept.astype(np.float32))[:, None]

        edges = keep(config.edge_dropout)
        return Masks(
            ids=keep(config.id_dropout) * edges,
            edges=edges,
            labels=keep(config.label_dropout),
        )

    def _kept(self, dropout: float, count: int) -> Flags:
        return self._random.random(count) >= dropout


def _labels(edges: Edges, rows: int, columns: int) -> Tensor:
    """(rows, columns) of 0 and 1."""
    labels = torch.zeros(rows, columns)
    labels[torch.from_numpy(edges.source), torch.from_numpy(edges.target)] = 1
    return labels
