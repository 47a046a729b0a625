"""The number of epochs: found on a validation part, then trained on everything.

The part is the end of the training data: no model stops early on the data that it is
measured with. One rule holds for every network: the epoch of greatest
Recall@20, the metric of the gate (`evaluate.GATE`).

Inside `warm.kept` the second training starts from the weights of the best epoch, since
one fit need not learn twice what the part and the whole have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from recommender.ml.data import splits
from recommender.ml.data.snapshot import GraphSnapshot
from recommender.ml.data.splits import Holdout
from recommender.ml.evaluation import evaluate
from recommender.ml.models.base import Model, Progress, TrainingStep
from recommender.ml.train import budget

ENOUGH_PEOPLE = 200
SEARCH = 0.6  # of limited time, for the search for the number of epochs
VALIDATION_PEOPLE = 2000  # ranked after an epoch where time is limited


@dataclass(frozen=True)
class Schedule:
    """``epochs`` bounds training, which ends after ``patience`` epochs without gain on
    the last ``validation`` share of watches, measured every ``check_every`` epochs.
    ``stop_after`` is the number of epochs that an earlier fit found: it spares the
    search."""

    epochs: int = 30
    patience: int = 5
    check_every: int = 1
    validation: float = 0.1
    stop_after: int = 0


class Trainer(Protocol):
    """Trains one model from one snapshot; see `loop.NetworkTrainer`."""

    def run(
        self,
        epochs: int,
        *,
        stage: str,
        validate: Callable[[], float] | None = None,
        check_every: int = 1,
    ) -> Iterator[TrainingStep]:
        """Train, yielding after each epoch."""

    def model(self, searched: Mapping[str, Any] = ...) -> Model:
        """The model with the current weights."""

    def keep(self) -> None:
        """Leave the weights for later fits; see `warm`."""

    def start_warm(self, epochs: int) -> int:
        """Start from the weights of an earlier fit, if there are any that fit; returns
        how many of ``epochs`` are left to train."""


def fit(
    start: Callable[[GraphSnapshot], Trainer],
    snapshot: GraphSnapshot,
    schedule: Schedule,
    progress: Progress,
    *,
    enough_people: int = ENOUGH_PEOPLE,
) -> Any:
    """Find the number of epochs, then train that long on all of ``snapshot``.

    ``enough_people`` see `splits.validation_part`. Raises `ValueError` when the
    snapshot has no watches.
    """
    epochs = schedule.stop_after
    if not epochs:
        part = splits.validation_part(
            snapshot, schedule.validation, enough_people=enough_people
        )
        epochs, known = schedule.epochs, False
        if part is not None:
            with budget.within(budget.current().share(SEARCH)):
                epochs = best_epoch(start(part.history), part, schedule, progress)
            known = True
    trainer = start(snapshot)
    left = trainer.start_warm(epochs) if schedule.stop_after or known else epochs
    for step in trainer.run(left, stage="train"):
        progress(step)
    trainer.keep()
    return trainer.model({"stop_after": epochs})


def best_epoch(
    trainer: Trainer, part: Holdout, schedule: Schedule, progress: Progress
) -> int:
    """The epoch of greatest Recall@20 on ``part``, ending early without gain.

    Where time is limited, the part is a sample of people.
    """
    if budget.current().has_limit:
        part = part.sample(VALIDATION_PEOPLE)

    def recall() -> float:
        lists = evaluate.rank_items(trainer.model(), part, 20)
        return float(evaluate.ranking_metrics(lists, part)[evaluate.GATE].mean())

    best, best_recall = 1, -1.0
    for step in trainer.run(
        schedule.epochs,
        stage="validate",
        validate=recall,
        check_every=schedule.check_every,
    ):
        progress(step)
        if step.validation is None:
            continue
        if step.validation > best_recall:
            best, best_recall = step.epoch, step.validation
            trainer.keep()
        if step.epoch - best >= schedule.patience:
            break
    return best
