"""Training by epochs: how many are found on a validation part, then everything learns.

The part is cut from the end of what may be seen, so that no model stops early on the
data that it is measured with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Protocol

import numpy as np

from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.data.splits import Holdout, holdout, leave_last
from recommender.ml.evaluation import evaluate
from recommender.ml.models.base import Model, Progress, TrainingStep

ENOUGH_PEOPLE = 200


@dataclass(frozen=True)
class Schedule:
    """``epochs`` bounds training, which ends after ``patience`` epochs without gain on
    the last ``validation`` share of watches, looked at every ``check_every`` epochs.
    ``stop_after`` tells the number to run instead, as an earlier fit ``found`` it."""

    epochs: int = 30
    patience: int = 5
    check_every: int = 1
    validation: float = 0.1
    stop_after: int = 0


class Trainer(Protocol):
    """A model in the making, from one snapshot."""

    def epoch(self) -> float:
        """Pass over the data once more; returns the mean loss."""

    def model(self) -> Model:
        """The model as it stands."""


def fit(
    start: Callable[[GraphSnapshot], Trainer],
    snapshot: GraphSnapshot,
    schedule: Schedule,
    progress: Progress,
) -> Any:
    """Find the number of epochs, then train that long on all of ``snapshot``."""
    epochs = schedule.stop_after
    if not epochs:
        part = stopping_part(snapshot, schedule.validation)
        epochs = schedule.epochs
        if part is not None:
            epochs = best_epoch(start(part.history), part, schedule, progress)
    trainer = start(snapshot)
    for step in islice(_steps(trainer, "train", epochs), epochs):
        progress(step)
    model = trainer.model()
    model.found = {"stop_after": epochs}
    return model


def best_epoch(
    trainer: Trainer, part: Holdout, schedule: Schedule, progress: Progress
) -> int:
    """The epoch of greatest NDCG@20 on ``part``, ending early without gain."""
    best, best_value = 1, -1.0
    for step in islice(_steps(trainer, "validate", schedule.epochs), schedule.epochs):
        if step.epoch % schedule.check_every and step.epoch < schedule.epochs:
            progress(step)
            continue
        values = evaluate.user_metrics(
            evaluate.rank_items(trainer.model(), part, 20), part
        )
        progress(replace(step, validation=float(values["recall@20"].mean())))
        if (value := float(values["ndcg@20"].mean())) > best_value:
            best, best_value = step.epoch, value
        if step.epoch - best >= schedule.patience:
            break
    return best


def stopping_part(snapshot: GraphSnapshot, share: float) -> Holdout | None:
    """As `validation_part`; but where too few people span the cut to tell a gain from
    chance, the last ``share`` of everyone's watches."""
    part = validation_part(snapshot, share)
    if share <= 0 or (part is not None and len(part.users) >= ENOUGH_PEOPLE):
        return part
    ends = leave_last(snapshot, share=share).test
    if part is None or len(ends.users) > len(part.users):
        part = ends
    return part if len(part.users) else None


def validation_part(snapshot: GraphSnapshot, share: float) -> Holdout | None:
    """The last ``share`` of watches, or None where there is too little to cut."""
    times = np.sort(snapshot.watched.time[snapshot.watched.weight > 0])
    if share <= 0 or not len(times):
        return None
    part = holdout(snapshot, cut=float(times[int(len(times) * (1 - share))]))
    return part if len(part.users) else None


def _steps(trainer: Trainer, stage: str, epochs: int) -> Iterator[TrainingStep]:
    epoch = 0
    while True:
        epoch, began = epoch + 1, time.perf_counter()
        loss = trainer.epoch()
        seconds = time.perf_counter() - began
        yield TrainingStep(stage, epoch, epochs, loss, None, seconds)
