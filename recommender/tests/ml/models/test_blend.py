"""The blend finds the weight of each model."""

import numpy as np
import pytest

from recommender.ml.data.features import ItemFeatures
from recommender.ml.data.history import Trail, UserHistory
from recommender.ml.data.splits import global_time_split, leave_cluster
from recommender.ml.evaluation import evaluate
from recommender.ml.models import blend, registry
from recommender.ml.models.blend import serve, weights
from recommender.tests.ml.worlds import START, two_communities

SETTINGS = {"ease": {"regularization": 100.0}}
QUICK = {
    "graphsage": {
        "dim": 16,
        "epochs": 12,
        "batch_size": 128,
        "blocks": 4,
        "text_size": 8,
    },
    **SETTINGS,
}


def test_a_model_that_adds_nothing_is_dropped():
    # Both communities are equally large, so popularity is no signal.
    fitted = registry.fit(
        "blend",
        two_communities(users=150, watches=12),
        {"members": ("popularity", "ease"), "settings": SETTINGS},
    )
    assert isinstance(fitted, blend.Blend)
    assert fitted.weights["ease"] > 0
    assert fitted.searched["weights"]["popularity"] < fitted.weights["ease"]


@pytest.mark.parametrize("by_person", [True, False])
def test_weights_are_no_worse_than_the_best_member_on_their_part(by_person):
    split = global_time_split(two_communities(users=150, watches=12))
    config = blend.Config(
        members=("popularity", "ease", "gf_cf"), people=10_000, by_person=by_person
    )
    fitted = {
        name: registry.fit(name, split.test.history, SETTINGS.get(name))
        for name in config.members
    }
    found = weights.search(fitted, split.test, config)
    whole = blend.Blend.from_members(fitted, found.weights, split.test.history, config)

    def value(model):
        values = evaluate.user_metrics(
            evaluate.rank_items(model, split.test, 20), split.test
        )
        return values[config.aim].mean()

    assert value(whole) >= max(value(model) for model in fitted.values()) - 1e-9


def test_the_median_spread_is_saved_with_the_model(tmp_path):
    config = {"members": ("ease", "gf_cf"), "weights": {"ease": 1.0, "gf_cf": 0.5}}
    snapshot = two_communities(users=60)
    states = [UserHistory(watched=Trail.from_ids([500, 502]))]
    model = registry.fit("blend", snapshot, {**config, "by_person": False})
    by_person = registry.fit("blend", snapshot, config).scores(states)
    assert np.abs(model.scores(states) - by_person).max() > 0.01
    registry.save(model, tmp_path / "run")
    again = registry.load(tmp_path / "run")
    for same in (again, again.renewed(snapshot)):
        np.testing.assert_allclose(
            same.scores(states), model.scores(states), rtol=1e-5, atol=1e-6
        )


def test_scores_are_standardised_over_what_is_unseen():
    ids = np.arange(5)
    scores = np.array([[9, 1, 2, 3, 4], [7, 7, 7, 7, 7]], np.float32)
    states = [UserHistory(watched=Trail.from_ids([0])), UserHistory()]
    z = serve.standardised(scores, ids, states)
    assert z[0, 1:].mean() == pytest.approx(0, abs=1e-6)
    assert z[0, 1:].std() == pytest.approx(1, abs=1e-6)
    by_spread = serve.standardised(scores, ids, states, 0.5)
    np.testing.assert_allclose(by_spread[0, 1:], [-3, -1, 1, 3])
    assert not z[1].any()


def test_given_weights_are_not_searched_for():
    fitted = registry.fit(
        "blend",
        two_communities(users=80),
        {"members": ("ease", "gf_cf"), "weights": {"ease": 2.0, "gf_cf": 0.0}},
    )
    assert list(fitted.members) == ["ease"]


def test_a_cluster_is_held_out_of_each_long_enough_history():
    snapshot = two_communities(users=80, watches=12)
    part = leave_cluster(snapshot, share=0.25)
    known = part.history.watched
    assert len(part.items) + len(known) == len(snapshot.watched)
    pairs = set(zip(known.source.tolist(), known.target.tolist(), strict=True))
    for row, user in enumerate(part.users):
        held = part.targets(row)
        assert len(held) == round(0.25 * (snapshot.watched.source == user).sum())
        assert not pairs & {(int(user), int(item)) for item in held}
    # Similar videos are held out together.
    kinds = [snapshot.item_ids[part.targets(row)] % 2 for row in range(len(part.users))]
    alike = np.mean([(kind == kind[0]).all() for kind in kinds])
    assert alike > 0.8


def test_members_too_small_for_the_data_are_left_out():
    fitted = registry.fit(
        "blend",
        two_communities(users=80),
        {"members": ("gf_cf", "ease"), "settings": {"ease": {"max_items": 3}}},
    )
    assert list(fitted.members) == ["gf_cf"]


@pytest.fixture(scope="module")
def sage():
    """A blend whose first member, GraphSAGE, can embed new videos."""
    return registry.fit(
        "blend",
        two_communities(users=120, watches=12),
        {
            "members": ("graphsage", "ease"),
            "settings": QUICK,
            "weights": {"graphsage": 1.0, "ease": 0.5},
        },
    )


def test_its_members_are_evaluated_too():
    split = global_time_split(two_communities(users=150, watches=12))
    configs = {"blend": {"members": ("ease", "gf_cf"), "settings": SETTINGS}}
    report = evaluate.evaluate(["blend"], split, configs=configs).report
    weights = report["found"]["blend"]["weights"]
    worth_it = {name for name, weight in weights.items() if weight > 0}
    assert set(report["models"]) == {"blend", *worth_it}


def test_without_a_reason_the_score_falls(sage):
    for user, item in ((100, 504), (101, 503)):
        state = UserHistory(watched=Trail.from_ids([500, 501, 502]), user_id=user)
        for each in sage.contributions(state, [item])[0]:
            place = state.trail(each.relation).index(each.id)
            less = state.without(each.relation, place)
            assert sage.score_items(less, [item]) < sage.score_items(state, [item])


def test_a_new_video_is_found_at_once(sage):
    new = ItemFeatures(9000, "guitar", 60, START, category_ids=[11], parent_ids=[1])
    state = UserHistory(watched=Trail.from_ids([500, 502, 504]))
    before = sage.score_items(state, [503])
    assert np.isnan(sage.score_items(state, [9000])).all()
    sage.add_items([new])
    ours, theirs = sage.score_items(state, [9000, 503])
    assert ours > theirs
    assert 9000 in sage.recommend(state, k=20).ids
    assert theirs == pytest.approx(before[0], abs=0.1)


def test_a_new_video_is_found_where_members_retrieve(sage, monkeypatch):
    monkeypatch.setattr(serve, "DENSE_ITEMS", 10)
    world = two_communities(users=120, watches=12)
    spreads = serve.spreads(sage.members, world, blend.Config())
    watched = serve.watched_ids(world)
    model = blend.Blend(sage.members, sage.weights, watched, spreads)
    model.add_items(
        [ItemFeatures(9001, "guitar", 60, START, category_ids=[11], parent_ids=[1])]
    )
    state = UserHistory(watched=Trail.from_ids([500, 502, 504]))
    ours, theirs = model.score_items(state, [9001, 503])
    assert ours > theirs
    hits = model.recommend(state, k=20)
    assert 9001 in hits.ids
    # As with the scores of all videos, it ranks in the middle of its community.
    dense = np.sort(model.scores([state])[0])[::-1]
    place = np.searchsorted(-dense, -model.scores([state])[0][-1])
    assert list(hits.ids).index(9001) == pytest.approx(place, abs=5)


def test_new_videos_compete_on_equal_terms():
    """Ten of forty videos are new: people get some of them, of their community."""
    whole = two_communities(users=120, watches=12)
    fitted = registry.fit(
        "blend", whole, {"members": ("graphsage", "ease"), "settings": QUICK}
    )
    words = ("guitar song", "goal match")
    new = [
        ItemFeatures(
            9000 + n,
            words[n % 2],
            60,
            START,
            category_ids=[(11, 21)[n % 2]],
            parent_ids=[1 + n % 2],
        )
        for n in range(10)
    ]
    fitted.add_items(new)
    lists = np.array(
        [
            fitted.recommend(UserHistory(watched=Trail.from_ids(watched)), k=10).ids
            for start in (500, 501)
            for watched in (range(start, start + 8, 2), range(start + 8, start + 16, 2))
        ]
    )
    fresh = lists >= 9000
    assert (fresh.sum(1) >= 1).all()
    assert (fresh.sum(1) <= 5).all()
    kinds = np.array([0, 0, 1, 1])[:, None]
    assert (lists % 2 == kinds)[fresh].all()
