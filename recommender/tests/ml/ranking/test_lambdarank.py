"""What LambdaRank learns from lists, and how two orders are compared."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from recommender.ml.ranking import lambdarank
from recommender.ml.ranking.lambdarank import Config, GradedImpressions
from recommender.ml.store import artifact
from recommender.ml.store.artifact import Artifact, ArtifactError, Manifest

COLUMNS = ("position", "taste", "chance")


def shown(lists=400, length=10, seed=0):
    """People watch what suits their taste, and more at the top positions."""
    random = np.random.default_rng(seed)
    n = lists * length
    position = np.tile(np.arange(1, length + 1), lists)
    taste, chance = random.normal(size=(2, n))
    drawn = random.random(n)
    watched = (drawn < 1 / (1 + np.exp(-3 * taste))) & (random.random(n) < 2 / position)
    return GradedImpressions(
        features=np.stack([position, taste, chance], axis=1).astype(np.float32),
        grades=watched.astype(np.int64),
        lists=np.repeat(np.arange(lists), length),
        people=np.repeat(np.arange(lists) % 50, length),
        ranked=np.ones(n, bool),
    )


@pytest.fixture(scope="module")
def learned():
    return lambdarank.fit(shown(), COLUMNS, Config())


def test_it_orders_by_what_people_watch_and_not_by_place(learned):
    features = np.array([[9, 1.5, 0], [1, -1.5, 0], [5, 0.0, 0]], np.float32)
    assert np.argsort(-learned.score(features)).tolist() == [0, 2, 1]
    moved = features.copy()
    moved[:, 0] = 3
    assert learned.score(moved).tolist() == learned.score(features).tolist()
    assert learned.gain["taste"] > 5 * learned.gain["chance"]


def test_it_beats_chance_on_lists_it_never_saw(learned):
    later = shown(seed=1)
    chance = later.features[:, 2]
    measured = lambdarank.compare(learned.score(later.features), chance, later)
    assert measured["difference"].low > 0.1
    assert measured["people"] == 50
    reverse = lambdarank.compare(chance, learned.score(later.features), later)
    assert reverse["difference"].value == pytest.approx(-measured["difference"].value)


def test_equal_data_gives_equal_trees(learned):
    assert lambdarank.fit(shown(), COLUMNS, Config()).text == learned.text


def test_a_comparison_by_hand():
    # Person 1: ours is perfect, theirs has the one watched second. Person 2 has two
    # lists: equal in one; the other holds nothing watched. Person 3 was only explored.
    impressions = GradedImpressions(
        features=np.zeros((8, 1), np.float32),
        grades=np.array([1, 0, 0, 1, 0, 0, 1, 0]),
        lists=np.array([0, 0, 1, 1, 2, 2, 3, 3]),
        people=np.array([1, 1, 2, 2, 2, 2, 3, 3]),
        ranked=np.array([1, 1, 1, 1, 1, 1, 0, 1], bool),
    )
    ours = np.array([2, 1, 1, 2, 1, 2, 1, 2], np.float32)
    theirs = np.array([1, 2, 1, 2, 2, 1, 2, 1], np.float32)
    measured = lambdarank.compare(ours, theirs, impressions)
    assert (measured["lists"], measured["people"], measured["impressions"]) == (2, 2, 4)
    assert measured["lambdarank"].value == 1
    second = 1 / np.log2(3)
    assert measured["fusion"].value == pytest.approx((second + 1) / 2)


def test_a_list_is_on_one_side_of_the_cut():
    past, newest = shown(lists=7).split(0.25)
    assert past.lists.max() < newest.lists.min()
    assert len(past) + len(newest) == 70
    assert len(newest) == 20


def test_without_both_kinds_nothing_is_learned():
    every = shown(lists=20)
    nothing = GradedImpressions(
        every.features, 0 * every.grades, every.lists, every.people, every.ranked
    )
    with pytest.raises(ValueError, match="no list holds both"):
        lambdarank.fit(nothing, COLUMNS, Config())


def saved(learned, folder):
    artifact.write(
        folder,
        Manifest("lambdarank", {}, "", 0.0),
        arrays={},
        documents={"ranker": learned.document()},
        files={lambdarank.MODEL: learned.save},
    )
    return Artifact(folder)


def test_saved_and_loaded_it_orders_the_same(learned, tmp_path):
    again = lambdarank.load(saved(learned, tmp_path / "run"))
    rows = shown(seed=2).features
    assert again.score(rows).tolist() == learned.score(rows).tolist()
    assert (again.columns, again.gain) == (learned.columns, learned.gain)


def test_a_damaged_file_is_an_error(learned, tmp_path):
    saved(learned, tmp_path / "run")
    (tmp_path / "run" / lambdarank.MODEL).write_text("tree")
    with pytest.raises(ArtifactError, match="damaged"):
        lambdarank.load(Artifact(tmp_path / "run"))


def test_it_serves_without_lightgbm_and_without_torch(learned, tmp_path):
    saved(learned, tmp_path / "run")
    code = (
        "import sys, numpy, pathlib\n"
        "from recommender.ml.ranking import lambdarank\n"
        "from recommender.ml.store.artifact import Artifact\n"
        f"ranker = lambdarank.load(Artifact(pathlib.Path({str(tmp_path / 'run')!r})))\n"
        "ranker.score(numpy.zeros((3, 3), 'f4'))\n"
        "sys.exit('torch' in sys.modules or 'lightgbm' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
