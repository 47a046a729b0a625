from dataclasses import replace

import numpy as np
import pytest

from recommender.ml.data.history import Trail, UserHistory
from recommender.ml.data.snapshot import Links
from recommender.ml.models import registry
from recommender.ml.models.content import numbers
from recommender.ml.store.artifact import ArtifactError
from recommender.tests.ml.worlds import make_snapshot, two_communities

ONLY = {"text": 0.0, "categories": 0.0, "creator": 0.0, "numbers": 0.0}


def test_a_person_is_the_weighted_mean_of_what_they_watched():
    model = registry.fit("content", two_communities())
    trail = Trail.from_ids([500, 501, 777], [1.0, 0.25, 1.0])
    mean = model.vectors[0] + 0.25 * model.vectors[1]
    np.testing.assert_allclose(
        model.embed_user(UserHistory(watched=trail)),
        mean / np.linalg.norm(mean),
        rtol=1e-5,
    )


def test_a_video_without_watches_is_found_by_its_text():
    world = two_communities()
    few = replace(world, watched=world.watched.where(world.watched.target < 30))
    model = registry.fit("content", few)
    for item in range(530, 540):
        assert (model.similar(item, k=10).ids % 2 == item % 2).mean() > 0.8


@pytest.mark.parametrize(
    ("block", "alike"), [("text", 501), ("categories", 502), ("creator", 503)]
)
def test_every_block_counts(block, alike):
    """500 shares its words with 501, its category with 502, its creator with 503."""
    snapshot = make_snapshot(
        texts=["deep sea", "deep sea", "high hills", "high hills", "old town"],
        category_ids=[1, 2, 3],
        category_parent_ids=[9, 9, 9],
        parent_ids=[9],
        relations={
            "uploaded": Links([100, 101, 102, 100], [500, 501, 502, 503]),
            "in_category": Links([500, 501, 502, 503, 504], [1, 2, 1, 3, 3]),
        },
    )
    model = registry.fit("content", snapshot, {**ONLY, block: 1.0})
    hits = model.similar(500, k=4)
    assert hits.ids[0] == alike
    assert hits.scores[0] == pytest.approx(1, abs=1e-5)
    assert hits.scores[1] < 0.7


def test_missing_numbers_are_imputed_and_flagged():
    snapshot = make_snapshot(
        watched=[(100, 500, 1, 1), (101, 500, 1, 1)],
        duration=[60, 0, 60, 60, 600],
        created=[1.0, 0.0, 1.0, 1.0, 1.0],
    )
    values = numbers(snapshot)
    assert np.isnan(values[1]).all()
    assert values[0, 2] == pytest.approx(np.log(3))
    model = registry.fit("content", snapshot, {**ONLY, "numbers": 1.0})
    assert np.isfinite(model.vectors).all()
    assert set(model.similar(502, k=1).ids) == {503}


def test_a_new_category_falls_into_the_unknown_bucket():
    def world(categories):
        return make_snapshot(
            category_ids=categories,
            category_parent_ids=[9] * len(categories),
            parent_ids=[9],
            relations={
                "in_category": Links(500 + np.arange(len(categories)), categories)
            },
        )

    model = registry.fit("content", world([1, 2, 3]), {**ONLY, "categories": 1.0})
    renewed = model.renewed(world([1, 2, 3, 4, 5]))
    assert renewed.similar(503, k=1).ids == [504]
    np.testing.assert_allclose(renewed.vectors[:3], model.vectors[:3])


def test_people_without_watches_are_embedded_by_their_own_text():
    world = two_communities()
    texts = ["guitar and piano" if user % 2 == 0 else "" for user in range(60)]
    model = registry.fit("content", replace(world, user_texts=tuple(texts)))
    hits = model.recommend(UserHistory(user_id=100), k=10)
    assert (hits.ids % 2 == 0).mean() > 0.8
    no_progress = model.scores([UserHistory(user_id=101), UserHistory()])
    np.testing.assert_array_equal(no_progress[0], no_progress[1])


def test_vectors_of_a_text_model_replace_tf_idf(tmp_path):
    world = two_communities()
    vectors = np.eye(2, 6, dtype=np.float32)[np.arange(40) % 2]
    people = np.zeros((60, 6), np.float32)
    snapshot = replace(world, text_vectors=vectors, user_text_vectors=people)
    model = registry.fit("content", snapshot, {**ONLY, "text": 1.0})
    np.testing.assert_allclose(model.vectors[:, :6], vectors)
    registry.save(model, tmp_path / "run")
    with pytest.raises(ArtifactError, match="TEXT_MODEL has changed"):
        registry.rebuild(tmp_path / "run", tmp_path / "next", world)
