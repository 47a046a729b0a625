from dataclasses import replace

import numpy as np
import pytest
import torch

from recommender.ml.data.history import Trail, UserHistory, histories
from recommender.ml.data.snapshot import Links
from recommender.ml.data.splits import global_time_split
from recommender.ml.evaluation import evaluate
from recommender.ml.models import registry
from recommender.ml.models.legacy.ncf.inputs import (
    INPUTS,
    ItemStatistics,
    Past,
    person_inputs,
)
from recommender.ml.models.legacy.ncf.train import Config, NcfTrainer
from recommender.tests.ml.worlds import DAY, START, make_snapshot, two_communities

QUICK = {
    "dim": 8,
    "batch_size": 128,
    "learning_rate": 0.01,
    "epochs": 8,
    "validation": 0.0,
}


def test_inputs_by_hand():
    snapshot = make_snapshot(
        watched=[
            (100, 500, 1.0, 1),
            (100, 501, 0.5, 2),
            (100, 502, 0.9, 4),
            (101, 502, 0.6, 3),
            (102, 502, 0.0, 1),
        ],
        category_ids=[1, 2],
        category_parent_ids=[9, 9],
        parent_ids=[9],
        relations={
            "liked": Links([100, 101], [500, 502], time=[START + DAY, START + 3 * DAY]),
            "uploaded": Links([103, 103], [501, 502]),
            "in_category": Links([500, 501, 502, 502], [1, 1, 1, 2]),
        },
    )
    user, item = np.array([0, 0, 1]), np.array([2, 4, 2])
    time = START + DAY * np.array([4, 4, 3])
    expected = [
        # Two watches, the first liked; one watched 502 before and liked it; both in
        # the first of its two categories, one by its creator.
        [np.log(3), 0.75, 0.5, np.log(2), 1, 0.5, 0.5],
        # 504 has no watcher, no category and no creator.
        [np.log(3), 0.75, 0.5, 0, np.nan, np.nan, np.nan],
        # 101 has no earlier watch; 102's watch of weight 0 does not count.
        [0, np.nan, np.nan, 0, np.nan, np.nan, np.nan],
    ]
    np.testing.assert_allclose(Past(snapshot).before(user, item, time), expected)
    assert len(INPUTS) == 7


def test_serving_counts_what_training_counts():
    snapshot = two_communities()
    every = np.arange(snapshot.n_items)
    statistics, past = ItemStatistics.from_snapshot(snapshot), Past(snapshot)
    for user, state in enumerate(histories(snapshot, np.arange(10))):
        served = person_inputs(statistics, snapshot.item_ids, state)
        trained = past.before(np.full(40, user), every, np.full(40, np.inf))
        np.testing.assert_allclose(served, trained, rtol=1e-5)


def test_the_answer_is_not_among_the_inputs():
    snapshot = two_communities()
    watched = snapshot.watched
    last = [watched.time.argmax()]
    target = watched.source[last], watched.target[last], watched.time[last]
    without = replace(snapshot, watched=watched.where(watched.time < target[2]))
    np.testing.assert_allclose(
        Past(without).before(*target), Past(snapshot).before(*target)
    )


def test_serving_computes_what_training_does():
    snapshot = two_communities()
    trainer = NcfTrainer(snapshot, Config(dim=8, batch_size=256))
    list(trainer.run(1, stage="train"))
    model, network = trainer.model(), trainer.network
    every = np.arange(snapshot.n_items)
    for user, state in enumerate(histories(snapshot, np.arange(5))):
        inputs = person_inputs(
            ItemStatistics.from_snapshot(snapshot), snapshot.item_ids, state
        )
        with torch.no_grad():
            logits = network(
                torch.full((40,), user + 1),
                torch.from_numpy(every + 1),
                torch.from_numpy(trainer.scaler.scale(inputs)),
            )
        np.testing.assert_allclose(
            model.probabilities(state, every), logits.softmax(1).numpy(), atol=1e-5
        )


def test_reactions_are_as_many_as_the_data_have():
    world = two_communities()
    model = registry.fit("ncf", world, {**QUICK, "epochs": 1})
    states = histories(world, np.arange(1))
    assert model.probabilities(states[0], np.arange(3)).shape == (3, 3)
    inspired = replace(world, inspired=world.liked.where(world.liked.source == 0))
    model = registry.fit("ncf", inspired, {**QUICK, "epochs": 1})
    probabilities = model.probabilities(states[0], np.arange(40))
    assert probabilities.shape == (40, 4)
    np.testing.assert_allclose(
        model.scores(states)[0], probabilities @ [0, 1, 2, 3], rtol=1e-5
    )


def test_likes_rank_above_views():
    """Half of the items are liked by all who watch them, the others by none."""
    random = np.random.default_rng(1)
    rows = [
        (100 + user, 500 + item, 0.6, random.uniform(0, 90))
        for user in range(40)
        for item in random.choice(12, 6, replace=False)
    ]
    liked = [row for row in rows if row[1] % 2]
    snapshot = make_snapshot(
        watched=rows,
        n_users=40,
        n_items=12,
        relations={
            "liked": Links(
                [r[0] for r in liked],
                [r[1] for r in liked],
                time=[START + r[3] * DAY for r in liked],
            )
        },
    )
    model = registry.fit("ncf", snapshot, QUICK)
    state = UserHistory(
        watched=Trail.from_ids([500, 501], 0.6), liked=Trail.from_ids([501])
    )
    scores = model.scores([state])[0]
    assert scores[3::2].min() > scores[2::2].max()


def test_rmse_is_reported_with_an_interval():
    split = global_time_split(two_communities(users=100))
    report = evaluate.evaluate(
        ["ncf", "popularity"], split, configs={"ncf": QUICK}, seed=2
    ).report
    rmse = report["models"]["ncf"]["rmse"]
    assert 0 < rmse["low"] < rmse["value"] < rmse["high"]
    # Better than the mean reaction for everything: a fifth of the examples are watched.
    reaction = split.test.reaction
    none = np.zeros(4 * len(reaction))
    constant = np.append(reaction, none).std()
    assert rmse["value"] < constant
    assert "rmse" not in report["models"]["popularity"]


def test_unknown_ids_have_a_bucket_that_learned():
    model = registry.fit("ncf", two_communities(), QUICK)
    arrays = model.parts().arrays
    assert arrays["weights_users"][0].any()
    assert arrays["weights_items"][0].any()
    state = UserHistory(watched=Trail.from_ids([500, 502, 504], 0.8), user_id=4242)
    anonymous = replace(state, user_id=None)
    first, second = model.scores([state, anonymous])
    assert first == pytest.approx(second)
