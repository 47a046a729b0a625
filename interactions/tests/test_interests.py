"""Interest in categories, which decays: by numbers worked by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_user
from interactions import services
from interactions.models import UserCategoryInterest
from interactions.services.interests import SEED_SCORE, decayed
from interactions.tests.factories import watch
from videos.models import Category
from videos.tests.factories import make_category, make_parent_category, make_video

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def _half_life(settings):
    settings.INTEREST_HALF_LIFE = timedelta(days=10)


def current(user: User, at=NOW) -> dict[Category, Any]:
    rows = UserCategoryInterest.objects.with_current_score(at).filter(user=user)
    return {row.category: pytest.approx(row.current_score) for row in rows}


def test_a_score_halves_each_half_life():
    assert decayed(0.8, since=NOW, until=NOW) == 0.8
    assert decayed(0.8, since=NOW, until=NOW + timedelta(days=10)) == 0.4
    assert decayed(0.8, since=NOW, until=NOW + timedelta(days=30)) == 0.1


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_amounts_add_up_in_any_order(order: tuple[int, ...]):
    user, category, other = make_user(), make_category(), make_category()
    deeds = [  # (days ago, fraction, categories): scores .6, .3 and .48
        (20, 1.0, [category]),
        (10, 0.5, [category, other]),
        (0, 0.8, [category]),
    ]
    for number in order:
        days, fraction, categories = deeds[number]
        video = make_video(categories=categories)
        watch(video, user=user, fraction=fraction, at=NOW - timedelta(days=days))
    assert current(user) == {
        category: 0.6 / 4 + 0.3 / 2 + 0.48,
        other: 0.3 / 2,
    }
    assert current(user, NOW + timedelta(days=10))[category] == 0.39
    counts = user.category_interests.values_list("category", "interaction_count")
    assert dict(counts) == {category.pk: 3, other.pk: 1}


def test_watching_again_refreshes_the_amount_instead_of_adding_to_it():
    user, category = make_user(), make_category()
    video = make_video(categories=[category])
    watch(video, user=user, fraction=1.0, at=NOW - timedelta(days=10))
    assert current(user) == {category: 0.3}
    watch(video, user=user, fraction=0.5, at=NOW)
    assert current(user) == {category: 0.6}


def test_a_like_that_is_taken_back_takes_its_amount_back():
    user, category = make_user(), make_category()
    video = make_video(categories=[category])
    watch(video, user=user, fraction=0.5, at=NOW - timedelta(days=10))
    services.like(user=user, video=video, at=NOW)
    assert current(user) == {category: 0.7}
    services.unlike(user=user, video=video)
    assert current(user) == {category: 0.15}


def test_below_the_threshold_there_is_no_interest():
    user = make_user()
    watch(make_video(categories=[make_category()]), user=user, fraction=0.29)
    assert current(user) == {}


def test_a_like_alone_is_an_interaction_without_a_score():
    user, category = make_user(), make_category()
    video = make_video(categories=[category])
    services.like(user=user, video=video)
    row = user.category_interests.get()
    assert (row.score, row.interaction_count) == (0, 1)
    services.unlike(user=user, video=video)
    assert not user.category_interests.exists()


def test_chosen_parent_categories_are_seeds():
    user, parent = make_user(), make_parent_category()
    inside = [make_category(parent_category=parent) for _ in range(2)]
    outside = make_category()
    user.parent_category_interests.set([parent])
    services.seed_interests(user=user)
    services.seed_interests(user=user)
    soon = timezone.now() + timedelta(days=10)
    half = pytest.approx(SEED_SCORE / 2, rel=1e-3)
    scores = current(user, soon)
    assert {row.pk for row in scores} == {category.pk for category in inside}
    assert [score.expected for score in scores.values()] == [half, half]

    watch(make_video(categories=[inside[0]]), user=user, at=timezone.now())
    user.parent_category_interests.set([outside.parent_category])
    services.seed_interests(user=user)
    scores = current(user, timezone.now())
    assert scores.keys() == {inside[0], outside}
    assert scores[inside[0]].expected == pytest.approx(0.48, rel=1e-3)
    assert scores[outside].expected == pytest.approx(SEED_SCORE, rel=1e-3)
