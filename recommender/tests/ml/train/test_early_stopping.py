from dataclasses import dataclass, field

import numpy as np

from recommender.ml.models.base import NOTHING_SEARCHED, TrainingStep
from recommender.ml.models.popularity import Config, Popularity
from recommender.ml.train import early_stopping
from recommender.ml.train.early_stopping import Schedule
from recommender.tests.ml.worlds import make_snapshot


@dataclass
class Rising:
    """Ranks the item held out first after its third epoch alone."""

    snapshot: object
    epochs: list = field(default_factory=list)

    def run(self, epochs, *, stage, validate=None, check_every=1):
        for epoch in range(1, epochs + 1):
            self.epochs.append(epoch)
            value = validate() if validate else None
            yield TrainingStep(stage, epoch, epochs, 1 / epoch, value, 0.0)

    def model(self, searched=NOTHING_SEARCHED):
        place = np.arange(self.snapshot.n_items, dtype=np.float32)
        wanted = 10 + 30 * abs(len(self.epochs) - 3)  # every held-out item is 10
        scores = -np.abs(place - wanted)
        return Popularity(self.snapshot.item_ids, scores, Config(), searched)

    def keep(self):
        self.kept = len(self.epochs)

    def start_warm(self, epochs):
        return epochs


def tenth_is_last():
    rows = [(100 + u, 500 + (u + d) % 10, 1, d) for u in range(8) for d in range(9)]
    rows += [(100 + u, 510, 1, 90 + u / 10) for u in range(8)]
    return make_snapshot(watched=rows, n_users=8, n_items=60)


def test_the_best_epoch_is_found_and_everything_learned_for_as_long():
    trainers, steps = [], []

    def start(snapshot):
        trainers.append(Rising(snapshot))
        return trainers[-1]

    schedule = Schedule(epochs=20, patience=4)
    model = early_stopping.fit(start, tenth_is_last(), schedule, steps.append)
    assert model.searched == {"stop_after": 3}
    assert [len(trainer.epochs) for trainer in trainers] == [7, 3]
    assert len(trainers[0].snapshot.watched) < len(trainers[1].snapshot.watched)
    assert [step.stage for step in steps] == ["validate"] * 7 + ["train"] * 3
