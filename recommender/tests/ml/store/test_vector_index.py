import numpy as np
import pytest

from recommender.ml.store.artifact import ArtifactError
from recommender.ml.store.vector_index import VectorIndex

RNG = np.random.default_rng(0)
IDS = 1000 + 3 * RNG.permutation(600)
VECTORS = RNG.normal(size=(600, 16)).astype(np.float32)
QUERIES = RNG.normal(size=(20, 16)).astype(np.float32)


def brute_force(ids, vectors, query, k, exclude=()):
    scores = np.where(np.isin(ids, exclude), -np.inf, vectors @ query)
    return ids[np.argsort(-scores)[:k]]


def test_exact_search_equals_brute_force():
    index = VectorIndex.build(IDS, VECTORS)
    assert index.exact
    for query in QUERIES:
        hits = index.search(query, 10)
        np.testing.assert_array_equal(hits.ids, brute_force(IDS, VECTORS, query, 10))
        np.testing.assert_allclose(
            hits.scores, [VECTORS[i == IDS][0] @ query for i in hits.ids], rtol=1e-4
        )


def test_excluded_items_are_replaced_by_the_next_best():
    index = VectorIndex.build(IDS, VECTORS)
    for query in QUERIES:
        seen = brute_force(IDS, VECTORS, query, 300)
        hits = index.search(query, 50, exclude=seen)
        np.testing.assert_array_equal(
            hits.ids, brute_force(IDS, VECTORS, query, 50, exclude=seen)
        )


def test_delta_and_tombstones_equal_a_rebuilt_index():
    index = VectorIndex.build(IDS[:500], VECTORS[:500])
    index.add(IDS[500:], VECTORS[500:])
    index.add(IDS[:5], -VECTORS[:5])  # replaces
    index.remove(IDS[5:20])
    index.remove(IDS[500:505])
    remaining = np.r_[0:5, 20:500, 505:600]
    vectors = VECTORS.copy()
    vectors[:5] *= -1
    assert len(index) == len(remaining)
    np.testing.assert_array_equal(index.ids, np.sort(IDS[remaining]))
    for query in QUERIES:
        np.testing.assert_array_equal(
            index.search(query, 40).ids,
            brute_force(IDS[remaining], vectors[remaining], query, 40),
        )


def test_a_removed_item_can_come_back():
    index = VectorIndex.build(IDS, VECTORS)
    index.remove(IDS[:1])
    assert IDS[0] not in index.search(VECTORS[0], 600).ids
    index.add(IDS[:1], VECTORS[:1])
    assert IDS[0] in index.search(VECTORS[0], 600).ids


def test_a_search_for_more_items_than_there_are_gives_all():
    index = VectorIndex.build(IDS[:3], VECTORS[:3])
    assert len(index.search(QUERIES[0], 10)) == 3
    assert len(index.search(QUERIES[0], 10, exclude=IDS[:3])) == 0
    assert len(index.search(QUERIES[0], 0)) == 0
    empty = VectorIndex.build(IDS[:0], VECTORS[:0])
    assert len(empty.search(QUERIES[0], 10)) == 0
    empty.add(IDS[:1], VECTORS[:1])
    assert empty.search(QUERIES[0], 10).ids.tolist() == [IDS[0]]


def test_inverted_lists_are_tuned_to_their_recall_and_survive_the_disk(tmp_path):
    rng = np.random.default_rng(1)
    ids = np.arange(5000) * 7
    centres = rng.normal(size=(40, 16))
    vectors = centres[rng.integers(40, size=5000)] + rng.normal(size=(5000, 16)) / 2
    vectors = vectors.astype(np.float32)
    index = VectorIndex.build(ids, vectors, exact_limit=1000, recall_target=0.95)
    assert not index.exact
    assert index.recall >= 0.95
    index.save(tmp_path / "index.faiss")
    loaded = VectorIndex.load(tmp_path / "index.faiss", ids, recall=index.recall)
    found = []
    for query in vectors[rng.permutation(5000)[:100]]:
        hits = loaded.search(query, 100, exclude=ids[:50])
        assert not np.isin(hits.ids, ids[:50]).any()
        truth = brute_force(ids, vectors, query, 100, exclude=ids[:50])
        found.append(np.isin(truth, hits.ids).mean())
    assert np.mean(found) >= 0.93


@pytest.mark.parametrize(
    ("ids", "vectors", "message"),
    [
        (IDS[:2], VECTORS[:3], "2 ids for vectors"),
        (IDS[[0, 0]], VECTORS[:2], "an id repeats"),
        (IDS[:2], VECTORS[:2] * np.nan, "not finite"),
    ],
)
def test_faulty_vectors_are_refused(ids, vectors, message):
    with pytest.raises(ValueError, match=message):
        VectorIndex.build(ids, vectors)


def test_a_query_of_another_size_is_refused():
    with pytest.raises(ValueError, match="a query of 3 values, not 16"):
        VectorIndex.build(IDS, VECTORS).search(QUERIES[0][:3], 5)


def test_a_broken_file_is_an_artifact_error(tmp_path):
    path = tmp_path / "index.faiss"
    with pytest.raises(ArtifactError, match="not a readable index"):
        VectorIndex.load(path, IDS)
    path.write_bytes(b"no index")
    with pytest.raises(ArtifactError, match="not a readable index"):
        VectorIndex.load(path, IDS)
    VectorIndex.build(IDS[:10], VECTORS[:10]).save(path)
    with pytest.raises(ArtifactError, match="holds 10 vectors, not 9"):
        VectorIndex.load(path, IDS[:9])


@pytest.mark.slow
def test_a_large_index_finds_nearly_all_that_an_exact_one_does():
    random = np.random.default_rng(3)
    centres = random.normal(size=(500, 32))
    places = random.integers(len(centres), size=250_000)
    vectors = centres[places] + 0.4 * random.normal(size=(250_000, 32))
    vectors = (vectors / np.linalg.norm(vectors, axis=1)[:, None]).astype(np.float32)
    index = VectorIndex.build(np.arange(250_000), vectors)
    assert not index.exact
    assert index.recall >= 0.95
    found = []
    for query in vectors[random.choice(250_000, 50)]:
        hits = index.search(query, 100)
        found.append(np.isin(np.argsort(-(vectors @ query))[:100], hits.ids).mean())
    assert np.mean(found) >= 0.93
