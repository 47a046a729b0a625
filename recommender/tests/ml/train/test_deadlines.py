"""Every stage of a training ends at its deadline, with something that serves."""

from types import SimpleNamespace

import numpy as np
import pytest

from recommender.ml.data import splits
from recommender.ml.data.history import histories
from recommender.ml.evaluation import evaluate
from recommender.ml.models import registry
from recommender.ml.models.blend import Blend, Config, train, weights
from recommender.ml.models.blend.members import Member
from recommender.ml.store import neighbours
from recommender.ml.store.neighbours import Neighbours
from recommender.ml.store.vector_index import VectorIndex
from recommender.ml.train import budget, warm
from recommender.ml.train.budget import Budget, OutOfTimeError, within
from recommender.tests.ml.models.test_every_model import QUICK
from recommender.tests.ml.worlds import two_communities

SETTINGS = {
    **QUICK,
    "popularity": {},
    "co_watch": {},
    "hybrid": {},
    "gf_cf": {"rank": 4, "neighbours": 5},
    "graphsage": {"dim": 8, "text_size": 8, "blocks": 2, "batch_size": 16},
    "graphsage_ids": QUICK["graphsage_ids"] | {"exponent": None, "wide": None},
    "lightgcn": QUICK["lightgcn"] | {"validation": 0.1},
    "blend": {"settings": {"graphsage": {"dim": 8, "epochs": 2, "blocks": 2}}},
}
# Half of such a fit is nothing that could serve.
ALL_OR_NOTHING = {"ease", "transition", "co_watch", "user_item", "content", "hybrid"}
ALL_OR_NOTHING |= {"gf_cf"}
AFTERWARDS = 60  # looks at the clock once the time is over
LONG = 10.0**9


@pytest.fixture(scope="module")
def world():
    return two_communities()


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves on by a second whenever a budget looks at it."""
    looks = SimpleNamespace(count=0)

    def look():
        looks.count += 1
        return float(looks.count)

    monkeypatch.setattr(budget, "time", SimpleNamespace(monotonic=look))
    return looks


def fit_within(clock, seconds, name, world):
    """The model, None if the time was too short, and the number of looks."""
    clock.count = 0
    try:
        model = registry.fit(
            name, world, SETTINGS[name], budget=Budget(seconds=seconds)
        )
    except OutOfTimeError:
        model = None
    return model, clock.count


def serves(model, world):
    state = histories(world, np.array([3]))[0]
    scores = model.score_items(state, model.recommend(state, k=5).ids)
    return len(scores) == 5 and np.isfinite(scores).all()


@pytest.mark.parametrize("name", registry.MODELS)
def test_a_fit_ends_at_its_deadline(clock, world, name):
    whole, needed = fit_within(clock, LONG, name, world)
    assert serves(whole, world)
    for share in (0.0, 0.3, 0.7):
        seconds = share * needed
        model, looks = fit_within(clock, seconds, name, world)
        assert looks <= seconds + AFTERWARDS
        if model is None:
            assert name in ALL_OR_NOTHING
        else:
            assert serves(model, world)


def test_what_has_no_time_is_left_out_of_a_blend(world):
    with within(Budget(seconds=0.0)):
        blend = train.fit(world, Config())
    assert list(blend.members) == ["popularity"]


def test_a_member_without_time_for_all_data_stays_as_the_search_left_it(world):
    part = train._part(world, Config(cut=splits.Cut.TIME))
    fits = {
        name: train._timed(name, part.history, SETTINGS[name], lambda step: None)
        for name in ("gf_cf", "popularity")
    }
    settings = {
        "members": tuple(fits),
        "weights": {"gf_cf": 1.0, "popularity": 0.1},
        "settings": {name: SETTINGS[name] for name in fits},
    }
    with within(Budget(seconds=0.0)):
        blend = train._fitted(world, Config(), train.Choice(settings, fits), print)
        assert blend.members["gf_cf"] is fits["gf_cf"].model
        with warm.kept({"blend": fits}):
            blend = train.fit(world, Config(**settings))
        assert blend.members["gf_cf"] is fits["gf_cf"].model
        # Nobody fitted it before.
        blend = train.fit(world, Config(**settings))
    assert list(blend.members) == ["popularity"]


def test_a_member_that_took_too_long_on_a_part_is_not_fitted_to_all(world, monkeypatch):
    part = train._part(world, Config(cut=splits.Cut.TIME))
    model = registry.fit("als", part.history, SETTINGS["als"])
    half = train.Fit(model, 6.0, len(world.watched) // 2)
    choice = train.Choice({"weights": {"als": 1.0}, "members": ("als",)}, {"als": half})
    monkeypatch.setattr(registry, "fit", None)  # is not called
    with within(Budget(seconds=train.LEAST["als"] * 11.0)):
        assert train._on_everything(world, "als", Config(), choice, print) is half


def test_settings_are_tried_until_the_deadline(clock, world):
    part = train._part(world, Config(cut=splits.Cut.TIME))
    axes = train.members.candidates(world, splits.Cut.TIME, Budget(seconds=LONG))
    axes = next(each.axes for each in axes if each.name == "gf_cf")
    steps = []
    with within(Budget(seconds=20.0)):
        found, _ = train._member(
            Member("gf_cf", {"rank": 64}, axes), 1.0, part, steps.append
        )
    assert clock.count < 20 + AFTERWARDS
    assert serves(found.model, part.history)


@pytest.mark.parametrize("seconds", [0.0, 3.0])
def test_weights_are_found_by_the_people_there_is_time_for(
    clock, world, seconds, monkeypatch
):
    part = train._part(world, Config(cut=splits.Cut.TIME))
    fitted = {
        name: registry.fit(name, part.history, SETTINGS[name])
        for name in ("als", "popularity")
    }
    monkeypatch.setattr(weights, "people_at_once", lambda n_items: 4)
    scored = []
    scores = type(fitted["als"]).scores
    monkeypatch.setattr(
        type(fitted["als"]),
        "scores",
        lambda self, states: scored.append(len(states)) or scores(self, states),
    )
    with within(Budget(seconds=seconds)):
        found = weights.search(fitted, part, Config(by_person=True))
    assert 4 <= sum(scored) <= 4 * (seconds + 1) < len(part.users)
    assert max(found.weights.values()) > 0


def test_a_baseline_that_knows_only_a_part_of_the_history_is_fitted_anew():
    part = splits.global_time_split(two_communities(users=200)).test
    few = part.history.before(part.history.watched.time.min() + 3600)
    members = {
        "als": registry.fit("als", few),
        "popularity": registry.fit("popularity", part.history),
    }
    weights = dict.fromkeys(members, 1.0)
    blend = Blend.from_members(members, weights, part.history, Config())
    judged = evaluate.compare(
        {"blend": blend}, part, "blend", baselines=("popularity", "als"), configs={}
    )
    assert judged.fitted["als"].was_fitted_to(part.history)
    assert judged.fitted["popularity"] is members["popularity"]


@pytest.mark.parametrize("seconds", [0.0, 9.0])
def test_people_are_judged_until_the_deadline(clock, monkeypatch, seconds):
    part = splits.global_time_split(two_communities(users=200)).test
    fitted = {name: registry.fit(name, part.history) for name in ("als", "popularity")}
    monkeypatch.setattr(evaluate, "AT_ONCE", 8)
    with within(Budget(seconds=seconds)):
        judged = evaluate.compare(
            fitted, part, "als", baselines=("popularity",), configs={}
        )
    assert 8 <= judged.report["users"] <= 8 * (seconds + 1) < len(part.users)
    whole = evaluate.evaluate_fitted(fitted, part)
    assert set(judged.values["als"]["recall@20"]) <= set(
        whole.values["als"]["recall@20"]
    )
    assert judged.report["curves"]["newcomers"] == [] or seconds == 0


def test_an_index_without_time_for_lists_is_exact():
    ids, vectors = np.arange(500), np.eye(500, 16, dtype=np.float32) + 0.1
    for seconds, cores in ((0.0, 2), (1e-4, 2), (1.0, 1e-4)):
        with within(Budget(seconds=seconds, cores=cores)):
            assert VectorIndex.build(ids, vectors, exact_limit=100).exact
    with within(Budget(seconds=1.0, cores=1)):
        assert not VectorIndex.build(ids, vectors, exact_limit=100).exact
    assert not VectorIndex.build(ids, vectors, exact_limit=100).exact


def test_videos_whose_neighbours_there_was_no_time_for_are_compared_on_request(
    clock, monkeypatch, tmp_path, world
):
    monkeypatch.setattr(neighbours, "AT_ONCE", 10)
    monkeypatch.setattr(neighbours, "FEWEST_ITEMS", 10)
    monkeypatch.setattr(registry, "SEARCH", 1.0)
    model = registry.fit("als", world, SETTINGS["als"])
    with within(Budget(seconds=5.0)):
        registry.save(model, tmp_path / "run")
    loaded = registry.load(tmp_path / "run")
    found = loaded.neighbours.places[:, 0] != neighbours.NOT_FOUND
    assert 0 < found.sum() < len(found)
    for item in loaded.item_ids[[0, -1]]:
        assert set(loaded.nearest(item, k=5).ids) == set(loaded.similar(item, k=5).ids)
    none = Neighbours.find(loaded.item_ids, loaded.vectors)
    assert none.of(loaded.item_ids[0], k=5, exclude=()) is not None
