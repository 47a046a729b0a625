"""Trains GraphSAGE (Hamilton et al., NeurIPS 2017), semi-supervised.

`objective` computes the loss of a step; `batches` excludes later watches from it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recommender.ml.data.features import ContentEncoder, content
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.models.base import NOTHING_SEARCHED, Progress, no_progress
from recommender.ml.models.graphsage.batches import Batch, Histories, Targets
from recommender.ml.models.graphsage.config import Config
from recommender.ml.models.graphsage.network import GraphSage
from recommender.ml.models.graphsage.objective import Noise, Objective, Share
from recommender.ml.models.graphsage.serve import GraphSageModel, Learned
from recommender.ml.models.graphsage.subgraphs import Subgraphs
from recommender.ml.train import budget, early_stopping, warm
from recommender.ml.train.distributed import Group, distributed_fit
from recommender.ml.train.early_stopping import Schedule
from recommender.ml.train.loop import Loop, NetworkTrainer, keep_no_freed_memory

NAME = "graphsage"
MOST = 0.5  # of the videos


@distributed_fit(NAME)
def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
) -> GraphSageModel:
    """Find the number of epochs on the last part in time, then train on everything.

    Raises `ValueError` if the snapshot has no watches.
    """
    config = config.fitting(len(snapshot.watched), budget.current())
    earlier = _earlier(config, snapshot) if config.stop_after else None
    encoder = earlier.encoder if earlier else _encoder(config, snapshot)
    model: GraphSageModel = early_stopping.fit(
        lambda part: GraphSageTrainer(part, encoder, config),
        snapshot,
        Schedule(
            config.epochs,
            config.patience,
            validation=config.validation,
            stop_after=config.stop_after,
        ),
        progress,
        enough_people=0,
    )
    return model


class GraphSageTrainer(NetworkTrainer[Batch]):
    """Trains GraphSAGE on one snapshot; reproducible by its seed."""

    model_name = "graphsage"

    def __init__(
        self, snapshot: GraphSnapshot, encoder: ContentEncoder, config: Config
    ) -> None:
        super().__init__(snapshot, config)
        if config.fan_out is not None:
            keep_no_freed_memory()
        self._encoder, self._config = encoder, config
        self._random = np.random.default_rng(config.seed)
        self._done = 0  # epochs of the fit that left the weights
        self._group = group = Group.current()
        self._targets = Targets.from_snapshot(
            snapshot, blocks=config.blocks, balance=config.balance
        )
        histories = Histories.from_snapshot(snapshot, config.windowing)
        self._subgraphs = Subgraphs(
            snapshot,
            content(snapshot, encoder),
            config.windowing,
            histories.timelines["watched"],
            self._targets.starts,
            fan_out=config.neighbours,
            device=group.device(),
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.network = GraphSage(
                snapshot, encoder.size, dim=config.dim, trend_dim=config.trend_dim
            ).to(group.device())
        self._objective = Objective(
            snapshot,
            config,
            self.network,
            targets=self._targets,
            histories=histories,
            subgraphs=self._subgraphs,
            device=group.device(),
        )
        self.loop = Loop(
            self.network,
            torch.optim.Adam(self.network.parameters(), betas=(0.9, 0.99), fused=True),
            batches=self._batches,
            losses=self._losses,
            random=self._random,
            rate=self._rate,
        )

    def model(self, searched: Mapping[str, Any] = NOTHING_SEARCHED) -> GraphSageModel:
        """The model so far, with the snapshot's nodes embedded."""
        return GraphSageModel.from_weights(
            self.network.weights(self._snapshot),
            self._encoder,
            self._config.windowing,
            self._snapshot,
            searched,
        )

    def keep(self) -> None:
        learned = self.network.weights(self._snapshot)
        warm.keep(NAME, Learned(learned, self._encoder))

    def start_warm(self, epochs: int) -> int:
        earlier = _earlier(self._config, self._snapshot)
        if earlier is None or earlier.encoder is not self._encoder:
            return epochs
        self.network.start_from(earlier.weights, self._snapshot)
        left = math.ceil(epochs * warm.EPOCHS)
        self._done = epochs - left
        return left

    def _batches(self) -> list[Batch]:
        return self._targets.batches(self._config.batch_size, self._random)

    def _losses(self, batch: Batch, step: int) -> Iterator[Tensor]:
        rows, n_items = len(batch[1]), self._snapshot.n_items
        noise = Noise.draw(self._config, rows, n_items, self._random)
        parts = self._config.parts
        for part in range(parts):
            share = Share(self._group.rank * parts + part, self._group.size * parts)
            yield self._objective.loss(batch, noise, step, share)

    def _rate(self, epoch: int, step: int) -> float:
        """The learning rate: decays to a tenth over the configured epochs, even if
        fewer are run, so that a shorter run has the same first epochs."""
        share = (self._done + epoch) / self._config.epochs
        return self._config.learning_rate * (1 - 0.9 * share)


def _encoder(config: Config, snapshot: GraphSnapshot) -> ContentEncoder:
    return ContentEncoder.fit(
        snapshot.texts,
        snapshot.duration,
        text_size=config.text_size,
        seed=config.seed,
    )


def _earlier(config: Config, snapshot: GraphSnapshot) -> Learned | None:
    """What an earlier fit left, if its widths are the same and it knows most videos."""
    earlier: Learned | None = warm.weights_of(NAME)
    if earlier is None:
        return None
    weights = earlier.weights
    same = weights.item.shape[1] == config.dim
    same = same and weights.trend_out.shape[1] == config.trend_dim
    known = np.isin(snapshot.item_ids, weights.item_ids)
    return earlier if same and known.mean() >= MOST else None
