from functools import cache

import numpy as np
import torch

from recommender.ml.data.history import Trail, UserHistory, histories
from recommender.ml.models import registry
from recommender.ml.models.sasrec.serve import PADDING, START
from recommender.ml.models.sasrec.train import Config, SasRecTrainer, sequences
from recommender.tests.ml.worlds import make_snapshot, two_communities

QUICK = {
    "dim": 16,
    "length": 6,
    "batch_size": 16,
    "learning_rate": 0.01,
    "epochs": 12,
    "validation": 0.0,
}


def rounds(users=40, items=10, watches=12):
    """All users watch the items in the same circle, each from another start."""
    return make_snapshot(
        watched=[
            (100 + user, 500 + (user + step) % items, 1, user + step)
            for user in range(users)
            for step in range(min(watches, items - 1))
        ],
        n_users=users,
        n_items=items,
    )


@cache
def fitted():
    return registry.fit("sequence", rounds(), QUICK)


def test_learns_the_order_and_not_only_the_taste():
    for last in range(10):
        ids = [500 + (last - back) % 10 for back in (3, 2, 1, 0)]
        state = UserHistory(watched=Trail.from_ids(ids, time=[1, 2, 3, 4]))
        assert fitted().recommend(state, k=1).ids == [500 + (last + 1) % 10]
    # The same two watches: what follows is what follows the later one.
    first, second = (
        fitted().score_items(
            UserHistory(watched=Trail.from_ids([500, 505], time=t)), [501, 506]
        )
        for t in ([1, 2], [2, 1])
    )
    assert first[1] > first[0]
    assert second[0] > second[1]


def test_sampled_negatives_learn_it_too():
    model = registry.fit("sequence", rounds(), {**QUICK, "negatives": 5})
    state = UserHistory(watched=Trail.from_ids([503, 504, 505], time=[1, 2, 3]))
    assert model.recommend(state, k=1).ids == [506]


def test_histories_are_cut_from_their_end():
    snapshot = make_snapshot(
        watched=[(100, 500 + i, 1, day) for i, day in enumerate((9, 1, 7, 3, 5))]
        + [(102, 501, 1, 2), (102, 500, 0, 3)]
    )
    tokens, following = sequences(snapshot, 3)
    # In order of time user 100 watched 1, 3, 4, 2, 0.
    np.testing.assert_array_equal(
        tokens, [[PADDING, START, 2], [4, 5, 3], [PADDING, PADDING, START]]
    )
    np.testing.assert_array_equal(
        following, [[PADDING, 1, 3], [4, 2, 0], [PADDING, PADDING, 1]]
    )


def test_serving_computes_what_training_does():
    snapshot = two_communities()
    trainer = SasRecTrainer(snapshot, Config(dim=16, length=14, dropout=0.3))
    list(trainer.run(1, stage="train"))
    states = histories(snapshot, np.arange(snapshot.n_users))
    model = trainer.model()
    with torch.no_grad():
        expected = trainer.network(model.tokens(states))[:, -1].numpy()
    np.testing.assert_allclose(
        model.embed_users(states), expected, rtol=1e-3, atol=1e-4
    )


def test_a_video_that_training_never_saw_is_last_and_left_out_of_the_order():
    model = fitted().renewed(make_snapshot(watched=[(100, 500, 1, 1)], n_items=12))
    with_new = Trail.from_ids([504, 505, 511], time=[1, 2, 3])
    without = Trail.from_ids([504, 505], time=[1, 2])
    scores = model.scores([UserHistory(watched=t) for t in (with_new, without)])
    np.testing.assert_allclose(scores[0], scores[1])
    assert scores[0, 10] == scores[0, 11] == scores[0].min()
