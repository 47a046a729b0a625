"""Tests of all models that learn interests."""

import subprocess
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from recommender.ml.data.history import Trail, UserHistory, histories
from recommender.ml.data.splits import global_time_split
from recommender.ml.evaluation import evaluate
from recommender.ml.models import registry
from recommender.tests.ml.worlds import strongest_contributions, two_communities

# Settings with which each learns the planted world in a second or so.
QUICK = {
    "ease": {"regularization": 100.0},
    "gf_cf": {"rank": 4},
    "transition": {"regularization": 300.0, "recency": 30.0},
    "graphsage_ids": {"dim": 16, "epochs": 20, "batch_size": 20, "exponent": 0.1}
    | {"wide": 0.3, "people_weight": 0.3},
    "blend": {
        "members": ("als", "ease"),
        "settings": {
            "als": {"factors": 8, "iterations": 5, "regularization": 3.0},
            "ease": {"regularization": 100.0},
        },
    },
    "als": {"factors": 8, "iterations": 5, "regularization": 3.0},
    "lightgcn": {"dim": 16, "batch_size": 256, "epochs": 20, "validation": 0.0},
    "content": {},
    "hybrid": {"weight": 0.5},
    "user_item": {},
    "ncf": {"dim": 8, "batch_size": 128, "learning_rate": 0.01, "epochs": 10}
    | {"validation": 0.0},
    "sequence": {
        "dim": 16,
        "length": 12,
        "batch_size": 32,
        "learning_rate": 0.01,
        "epochs": 15,
        "validation": 0.0,
    },
}
names = pytest.mark.parametrize("name", QUICK)

TRAINING_ONLY = ("torch", "torch_geometric", "implicit", "sentence_transformers")
SERVE = f"""
import sys
from pathlib import Path
from recommender.ml.models import registry
from recommender.ml.data.history import Trail, UserHistory
model = registry.load(Path(sys.argv[1]))
state = UserHistory(watched=Trail.from_ids([500, 502]), user_id=100)
model.recommend(state, k=3), model.similar(500, k=3), model.contributions(state, [504])
sys.exit(any(name in sys.modules for name in {TRAINING_ONLY}))
"""


@cache
def world():
    return two_communities(users=80)


@cache
def fitted(name):
    return registry.fit(name, world(), QUICK[name])


def own_share(model, states, k=8):
    """The share of the first k recommendations in the user's community."""
    shares = []
    for state in states:
        kind = state.watched.ids[state.watched.weight.argmax()] % 2
        shares.append((model.recommend(state, k=k).ids % 2 == kind).mean())
    return float(np.mean(shares))


@names
def test_beats_popularity_where_taste_is_planted(name):
    split = global_time_split(two_communities(users=150, watches=12))
    report = evaluate.evaluate(
        [name, "popularity"], split, configs={name: QUICK[name]}
    ).report
    difference = report["differences"][name]["popularity"]["recall@10"]
    assert difference["low"] > 0


@names
def test_recommends_from_the_community_to_known_and_unknown_people(name):
    model = fitted(name)
    known = histories(world(), np.arange(20))
    assert own_share(model, known) > 0.85
    assert own_share(model, [replace(state, user_id=None) for state in known]) > 0.8
    assert own_share(model, [replace(state, user_id=99999) for state in known]) > 0.8


@names
def test_an_empty_history_still_ranks_everything(name):
    model = fitted(name)
    states = [
        UserHistory(),
        UserHistory(user_id=99999),
        UserHistory(watched=Trail.from_ids([777])),
        UserHistory(watched=Trail.from_ids([500], weight=0.0)),
    ]
    scores = model.scores(states)
    assert scores.shape == (4, 40)
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(scores, np.tile(scores[0], (4, 1)), rtol=1e-5)
    assert len(model.recommend(states[0], k=5)) == 5


@names
def test_lists_hold_nothing_seen_and_agree_with_the_scores(name):
    model = fitted(name)
    state = histories(world(), np.array([3]))[0]
    hits = model.recommend(state, k=100, exclude=[501, 9999])
    assert not np.isin(hits.ids, [*state.watched.ids, 501]).any()
    assert (np.diff(hits.scores) <= 1e-6).all()
    np.testing.assert_allclose(
        model.score_items(state, hits.ids), hits.scores, rtol=1e-3, atol=1e-5
    )
    assert np.isnan(model.score_items(state, [9999])).all()


@names
def test_similar_items_share_the_community(name):
    model = fitted(name)
    for item in (500, 501, 510, 511):
        hits = model.similar(item, k=8)
        assert item not in hits.ids
        assert (hits.ids % 2 == item % 2).mean() > 0.7
    assert len(model.similar(9999, k=5)) == 0
    assert 502 not in model.similar(500, k=5, exclude=[502]).ids


@names
def test_the_watch_that_explains_is_the_one_whose_removal_costs_most(name):
    model = fitted(name)
    checked = 0
    for state in histories(world(), np.arange(12)):
        items = model.recommend(state, k=5).ids
        for item, reason in zip(
            items, strongest_contributions(model, state, items), strict=True
        ):
            if reason is None:
                continue
            checked += 1
            full = model.score_items(state, [item])[0]
            reduced = [
                replace(state, watched=state.watched.without(place))
                for place in range(len(state.watched))
            ]
            lost = [full - model.score_items(each, [item])[0] for each in reduced]
            assert reason.relation == "watched"
            assert reason.amount == pytest.approx(max(lost), rel=1e-2, abs=1e-6)
            place = list(state.watched.ids).index(reason.id)
            assert lost[place] == pytest.approx(max(lost), rel=1e-2, abs=1e-6)
    assert checked > 40
    assert model.contributions(state, [99999]) == [[]]
    assert model.contributions(UserHistory(), [500]) == [[]]


@names
def test_one_watch_more_changes_the_scores(name):
    model = fitted(name)
    before = UserHistory(watched=Trail.from_ids([500, 502], time=[1, 2]), user_id=100)
    after = replace(before, watched=Trail.from_ids([500, 502, 504], time=[1, 2, 3]))
    first, second = model.scores([before, after])
    assert not np.allclose(first, second)


@names
def test_a_saved_model_serves_the_same_without_training_libraries(name, tmp_path):
    model = fitted(name)
    registry.save(model, tmp_path / "run", metrics={"recall@20": 0.5})
    loaded = registry.load(tmp_path / "run")
    states = [UserHistory(), *histories(world(), np.arange(5))]
    np.testing.assert_array_equal(loaded.scores(states), model.scores(states))
    for state in states:
        ours, theirs = loaded.recommend(state, k=9), model.recommend(state, k=9)
        np.testing.assert_array_equal(ours.ids, theirs.ids)
    assert loaded.manifest.data_hash == world().content_hash()
    script = [sys.executable, "-W", "error", "-c", SERVE, str(tmp_path / "run")]
    assert subprocess.run(script, check=False).returncode == 0


@names
def test_a_renewed_model_knows_newer_people_and_videos(name, tmp_path):
    registry.save(fitted(name), tmp_path / "run", metrics={"kept": 1})
    newer = two_communities(users=90, items=44)
    manifest = registry.rebuild(tmp_path / "run", tmp_path / "next", newer)
    renewed = registry.load(tmp_path / "next")
    assert manifest.metrics == {"kept": 1}
    np.testing.assert_array_equal(renewed.item_ids, newer.item_ids)
    assert own_share(renewed, histories(newer, np.arange(newer.n_users))) > 0.8
    again = registry.rebuild(tmp_path / "next", tmp_path / "again", newer)
    assert again.data_hash == manifest.data_hash


@names
def test_the_same_seed_gives_the_same_model(name):
    again = registry.fit(name, world(), QUICK[name])
    states = histories(world(), np.arange(5))
    np.testing.assert_allclose(
        again.scores(states), fitted(name).scores(states), rtol=1e-3, atol=1e-5
    )
