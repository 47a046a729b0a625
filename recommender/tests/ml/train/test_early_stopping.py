from dataclasses import dataclass, field

import numpy as np

from recommender.ml.models.popularity import Config, Popularity
from recommender.ml.train import early_stopping
from recommender.ml.train.early_stopping import Schedule, stopping_part, validation_part
from recommender.tests.ml.worlds import make_snapshot, two_communities


@dataclass
class Rising:
    """Ranks what was held out better up to its third epoch, and worse from there."""

    snapshot: object
    epochs: list = field(default_factory=list)

    def epoch(self):
        self.epochs.append(len(self.epochs) + 1)
        return 1 / len(self.epochs)

    def model(self):
        place = np.arange(self.snapshot.n_items, dtype=np.float32)
        wanted = 10 + abs(len(self.epochs) - 3)  # everyone's held out item is the tenth
        return Popularity(self.snapshot.item_ids, -np.abs(place - wanted), Config())


def tenth_is_last():
    rows = [(100 + u, 500 + (u + d) % 10, 1, d) for u in range(8) for d in range(9)]
    rows += [(100 + u, 510, 1, 90 + u / 10) for u in range(8)]
    return make_snapshot(watched=rows, n_users=8, n_items=30)


def test_the_best_epoch_is_found_and_everything_learned_for_as_long():
    trainers, steps = [], []

    def start(snapshot):
        trainers.append(Rising(snapshot))
        return trainers[-1]

    schedule = Schedule(epochs=20, patience=4)
    model = early_stopping.fit(start, tenth_is_last(), schedule, steps.append)
    assert model.found == {"stop_after": 3}
    assert [len(trainer.epochs) for trainer in trainers] == [7, 3]
    assert len(trainers[0].snapshot.watched) < len(trainers[1].snapshot.watched)
    assert [step.stage for step in steps] == ["validate"] * 7 + ["train"] * 3


def test_few_people_across_the_cut_are_not_trusted():
    few = two_communities(users=60)
    assert len(validation_part(few, 0.1).users) < len(stopping_part(few, 0.1).users)
    assert len(stopping_part(few, 0.1).users) == 60
    many = two_communities(users=400)
    cut = validation_part(many, 0.1)
    np.testing.assert_array_equal(stopping_part(many, 0.1).users, cut.users)


def test_without_a_share_or_watches_there_is_nothing_to_stop_by():
    assert stopping_part(two_communities(), 0.0) is None
    assert stopping_part(make_snapshot(), 0.1) is None
