"""A user's vector is computed once for a feed, and again for others and new items."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.ml.data.history import Trail, UserHistory
from recommender.ml.models.base import FactorModel


class Means(FactorModel):
    """A user's vector is the mean of the vectors of their watches."""

    embedded = 0

    def embed_users(self, states):
        self.embedded += len(states)
        rows = [np.isin(self.item_ids, state.watched.ids) for state in states]
        return np.stack([self.vectors[row].mean(0) for row in rows])

    def renewed(self, snapshot):
        raise NotImplementedError


@pytest.fixture
def model():
    return Means(np.arange(1, 5), np.eye(4, dtype=np.float32))


def test_a_feed_embeds_its_viewer_once(model):
    state = UserHistory(watched=Trail.from_ids([1, 2]))
    hits = model.recommend(state, k=2)
    scores = model.score_items(state, [1, 3, 9])
    taste = model.user_vector(state)
    assert model.embedded == 1
    assert set(hits.ids.tolist()) == {3, 4}
    assert scores[:2].tolist() == [0.5, 0]
    assert np.isnan(scores[2])
    assert taste @ model.item_vectors([2, 9]).T == pytest.approx([0.5**0.5, 0])


def test_another_person_and_other_items_are_embedded_anew(model):
    first, second = (UserHistory(watched=Trail.from_ids([n])) for n in (1, 2))
    assert model.embed_user(first).tolist() == [1, 0, 0, 0]
    assert model.embed_user(second).tolist() == [0, 1, 0, 0]
    model.item_ids = np.arange(2, 6)
    assert model.embed_user(second).tolist() == [1, 0, 0, 0]
