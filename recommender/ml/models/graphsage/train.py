"""Training GraphSAGE (Hamilton et al., NeurIPS 2017), semi-supervised.

`objective.py` says what a step minimises, `batches.py` what keeps it from looking
ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from recommender.ml.data.features import ContentEncoder
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.data.splits import Holdout
from recommender.ml.evaluation import evaluate
from recommender.ml.models.base import Progress, TrainingStep, no_progress
from recommender.ml.models.graphsage.batches import Batch, Histories, Targets
from recommender.ml.models.graphsage.config import Config
from recommender.ml.models.graphsage.network import GraphSage
from recommender.ml.models.graphsage.objective import Noise, Objective, Share
from recommender.ml.models.graphsage.serve import GraphSageModel
from recommender.ml.models.graphsage.subgraphs import Subgraphs
from recommender.ml.store import checkpoints
from recommender.ml.train import early_stopping
from recommender.ml.train.distributed import Group, distributed_fit
from recommender.ml.train.loop import Loop, keep_no_freed_memory


@distributed_fit("graphsage")
def fit(
    snapshot: GraphSnapshot, config: Config, progress: Progress = no_progress
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
        part = early_stopping.validation_part(snapshot, config.validation)
        if part is not None:
            epochs = GraphSageTrainer(part.history, encoder, config).best_epoch(
                part, progress
            )
    trainer = GraphSageTrainer(snapshot, encoder, config)
    for step in trainer.run(epochs, stage="train"):
        progress(step)
    model = trainer.model()
    model.found = {"stop_after": epochs}
    return model


class GraphSageTrainer:
    """One network on one snapshot; seeded, so that a run can be repeated."""

    def __init__(
        self, snapshot: GraphSnapshot, encoder: ContentEncoder, config: Config
    ) -> None:
        if config.fan_out is not None:
            keep_no_freed_memory()
        self._snapshot, self._encoder, self._config = snapshot, encoder, config
        self._random = np.random.default_rng(config.seed)
        self._group = group = Group.current()
        self._targets = Targets.from_snapshot(
            snapshot, blocks=config.blocks, balance=config.balance
        )
        histories = Histories.from_snapshot(snapshot, config.windowing)
        self._subgraphs = Subgraphs(
            snapshot,
            encoder.encode(snapshot.texts, snapshot.duration),
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
            batches=self._batches,
            losses=self._losses,
            rate=self._rate,
            random=self._random,
            group=group,
        )

    def model(self) -> GraphSageModel:
        """The model as it stands, with the snapshot's nodes embedded."""
        return GraphSageModel.from_weights(
            self.network.weights(self._snapshot),
            self._encoder,
            self._config.windowing,
            self._snapshot,
        )

    def best_epoch(self, part: Holdout, progress: Progress = no_progress) -> int:
        """The epoch of greatest Recall@20 on ``part``, ending early without gain."""

        def recall() -> float:
            lists = evaluate.rank_items(self.model(), part, 20)
            return float(evaluate.user_metrics(lists, part)["recall@20"].mean())

        best, best_recall = 1, -1.0
        for step in self.run(self._config.epochs, stage="validate", validate=recall):
            progress(step)
            if step.validation is not None and step.validation > best_recall:
                best, best_recall = step.epoch, step.validation
            if step.epoch - best >= self._config.patience:
                break
        return best

    def run(
        self, epochs: int, *, stage: str, validate: Callable[[], float] | None = None
    ) -> Iterator[TrainingStep]:
        """Train, yielding after each epoch; see `Loop.run`."""
        slot = checkpoints.slot("graphsage", self._snapshot, self._config, stage)
        return self.loop.run(epochs, stage=stage, slot=slot, validate=validate)

    def _batches(self) -> list[Batch]:
        return self._targets.batches(self._config.batch_size, self._random)

    def _losses(self, batch: Batch, step: int) -> Iterator[Tensor]:
        rows, n_items = len(batch[1]), self._snapshot.n_items
        noise = Noise.drawn(self._config, rows, n_items, self._random)
        parts = self._config.parts
        for part in range(parts):
            share = Share(self._group.rank * parts + part, self._group.size * parts)
            yield self._objective.loss(batch, noise, step, share)

    def _rate(self, epoch: int, step: int) -> float:
        """Falls to a tenth over the configured epochs, however many are run: so many
        epochs are the same steps whoever asks for them."""
        return self._config.learning_rate * (1 - 0.9 * epoch / self._config.epochs)
