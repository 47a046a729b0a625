"""Reasons are correct: without one, the score falls by its amount."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from recommender.ml.data.history import Trail, histories
from recommender.ml.models import registry
from recommender.tests.ml.worlds import two_communities

SAGE = {"epochs": 3, "validation": 0.0, "negatives": 64, "dim": 16}
CONFIGS = {
    "graphsage": SAGE,
    "blend": {
        "members": ("graphsage", "ease"),
        "settings": {"graphsage": SAGE, "ease": {"regularization": 100.0}},
        "weights": {"graphsage": 0.7, "ease": 0.3},
    },
}
TRAILS = {
    "watched": "watched",
    "liked": "liked",
    "follows": "follows",
    "interested_in": "interests",
}
RELATIONS = set(TRAILS)

pytestmark = pytest.mark.parametrize("name", CONFIGS)


@cache
def fitted(name):
    return registry.fit(name, two_communities(), CONFIGS[name])


def lacking(state, relation, key):
    """The history without that edge."""
    field = TRAILS[relation]
    trail = getattr(state, field)
    left = trail.ids != key
    assert left.sum() == len(trail) - 1
    shorter = Trail(trail.ids[left], trail.weight[left], trail.time[left])
    return replace(state, **{field: shorter})


def test_removing_what_is_named_lowers_the_score_over_everyone(name):
    model = fitted(name)
    named = Counter()
    for state in histories(two_communities(), np.arange(60)):
        items = model.recommend(state, k=5).ids
        for item, every in zip(items, model.contributions(state, items), strict=True):
            before = model.score_items(state, [item])[0]
            strongest = {c.relation: c for c in reversed(every)}
            for reason in strongest.values():
                reduced = lacking(state, reason.relation, reason.id)
                after = model.score_items(reduced, [item])[0]
                assert after < before
                lost = before - after
                assert lost == pytest.approx(reason.amount, rel=1e-2, abs=1e-5)
                named[reason.relation] += 1
    assert set(named) == RELATIONS
    assert min(named.values()) >= 40, named


def test_what_is_not_named_is_not_needed(name):
    """Removing any other edge does not lower the score."""
    model = fitted(name)
    for state in histories(two_communities(), np.arange(10)):
        items = model.recommend(state, k=3).ids
        for item, every in zip(items, model.contributions(state, items), strict=True):
            amounts = [reason.amount for reason in every]
            assert amounts == sorted(amounts, reverse=True)
            named = {(reason.relation, reason.id) for reason in every}
            before = model.score_items(state, [item])[0]
            for relation, field in TRAILS.items():
                for key in getattr(state, field).ids.tolist():
                    if (relation, key) in named:
                        continue
                    after = model.score_items(lacking(state, relation, key), [item])[0]
                    assert after >= before - 1e-6
