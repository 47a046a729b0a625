"""The blend finds what each model is worth."""

import numpy as np
import pytest

from recommender.ml import blend, evaluate, models
from recommender.ml.history import Trail, UserHistory
from recommender.ml.splits import global_time_split, leave_cluster
from recommender.tests.ml.worlds import two_communities

SETTINGS = {"ease": {"regularization": 100.0}}


def test_a_model_that_adds_nothing_is_dropped():
    # Both communities are as large, so popularity tells no taste.
    fitted = models.fit(
        "blend",
        two_communities(users=150, watches=12),
        {"members": ("popularity", "ease"), "settings": SETTINGS},
    )
    assert isinstance(fitted, blend.Blend)
    assert fitted.weights["ease"] > 0
    assert fitted.found["weights"]["popularity"] < fitted.weights["ease"]


def test_weights_never_lose_to_the_best_member_on_the_part_they_are_found_on():
    split = global_time_split(two_communities(users=150, watches=12))
    config = blend.Config(members=("popularity", "ease", "gf_cf"), people=10_000)
    fitted = {
        name: models.fit(name, split.test.history, SETTINGS.get(name))
        for name in config.members
    }
    weights = blend.search(fitted, split.test, config)
    whole = blend.Blend(fitted, weights)

    def value(model):
        values = evaluate.per_user(evaluate.ranked(model, split.test, 20), split.test)
        return values["ndcg@10"].mean()

    assert value(whole) >= max(value(model) for model in fitted.values()) - 1e-9


def test_scores_are_standardised_over_what_is_unseen():
    ids = np.arange(5)
    scores = np.array([[9, 1, 2, 3, 4], [7, 7, 7, 7, 7]], np.float32)
    states = [UserHistory(watched=Trail.of([0])), UserHistory()]
    z = blend.standardised(scores, ids, states)
    assert z[0, 1:].mean() == pytest.approx(0, abs=1e-6)
    assert z[0, 1:].std() == pytest.approx(1, abs=1e-6)
    assert not z[1].any()


def test_given_weights_are_not_searched_for():
    fitted = models.fit(
        "blend",
        two_communities(users=80),
        {"members": ("ease", "gf_cf"), "weights": {"ease": 2.0, "gf_cf": 0.0}},
    )
    assert list(fitted.members) == ["ease"]


def test_a_cluster_is_held_out_of_each_history_that_can_spare_one():
    snapshot = two_communities(users=80, watches=12)
    part = leave_cluster(snapshot, share=0.25)
    known = part.history.watched
    assert len(part.items) + len(known) == len(snapshot.watched)
    pairs = set(zip(known.source.tolist(), known.target.tolist(), strict=True))
    for row, user in enumerate(part.users):
        held = part.targets(row)
        assert len(held) == round(0.25 * (snapshot.watched.source == user).sum())
        assert not pairs & {(int(user), int(item)) for item in held}
    # What goes together is held out together.
    kinds = [snapshot.item_ids[part.targets(row)] % 2 for row in range(len(part.users))]
    alike = np.mean([(kind == kind[0]).all() for kind in kinds])
    assert alike > 0.8
