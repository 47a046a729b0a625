"""A synthetic site is what the services would have written."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.db.models import Count, F

from accounts.models import User
from benchmarks.site.build import NotEmpty, build
from benchmarks.site.draws import Size, draw
from benchmarks.site.named import NAMED, PASSWORD
from interactions.models import (
    Engagement,
    Follow,
    GraphChange,
    Impression,
    UserCategoryInterest,
    Watch,
)
from interactions.services import aggregates
from recommender import feed
from recommender.dataset import view_counts
from recommender.models import ViewCounts
from videos.models import Video

SIZE = Size(videos=300, people=400, engagements=4000, follows=1500, seed=3)


@pytest.fixture
def site(db):
    return build(SIZE, clips=1)


def _rows(queryset, *fields):
    """All rows in order; sums of floating-point numbers depend on their order."""
    return [
        tuple(round(value, 9) if isinstance(value, float) else value for value in row)
        for row in sorted(queryset.order_by().values_list(*fields))
    ]


def test_equal_sizes_and_seeds_give_equal_sites():
    first, second = (draw(SIZE, 40) for _ in range(2))
    assert (first.watches.video == second.watches.video).all()
    assert (first.follows.followee == second.follows.followee).all()
    assert (first.catalogue.age == second.catalogue.age).all()


def test_popularity_is_skewed_and_people_keep_to_their_clusters():
    site = draw(SIZE, 40)
    views = sorted(
        (list(site.watches.video).count(n) for n in range(SIZE.videos)), reverse=True
    )
    assert sum(views[:30]) > 2 * sum(views) / 10
    cluster = site.catalogue.cluster[site.watches.video]
    inside = (site.crowd.liked[site.watches.person] == cluster[:, None]).any(axis=1)
    assert inside.mean() > 0.8
    assert (site.catalogue.age[site.watches.video] > site.watches.age).all()


def test_aggregates_are_those_that_the_services_compute(site):
    kept = [
        (Engagement, ("user", "video", "fraction", "seconds", "sessions", "viewed")),
        (Engagement, ("user", "video", "liked", "score", "last_at", "updated_at")),
        (Video, ("pk", "views", "likes", "engagement")),
        (UserCategoryInterest, ("user", "category", "score", "interaction_count")),
        (Watch, ("pk", "counted")),
        (ViewCounts, ("video", "day", "week", "month", "impressions", "engaged")),
    ]
    before = [_rows(model.objects, *fields) for model, fields in kept]
    aggregates.rebuild()
    view_counts.update()
    after = [_rows(model.objects, *fields) for model, fields in kept]
    assert all(before)
    assert after == before


def test_the_site_has_the_size_that_was_asked_for(site):
    assert Video.objects.count() == SIZE.videos
    assert User.objects.count() == SIZE.people + 1  # the administrator
    # People who like few videos cannot watch as many as others.
    assert Engagement.objects.count() == pytest.approx(SIZE.engagements, rel=0.1)
    assert Follow.objects.count() == pytest.approx(SIZE.follows, rel=0.05)
    assert Impression.objects.filter(clicked_at=None).exists()
    assert not GraphChange.objects.filter(kind="engagement").exists()
    creators = Video.objects.values("creator").annotate(number=Count("pk"))
    assert creators.count() == site.size.creators
    missing = Video.objects.exclude(categories__parent_category=F("parent_categories"))
    assert not missing.exists()


def test_named_people_log_in_and_get_feeds(site):
    for person in NAMED:
        user = authenticate(username=person.username, password=PASSWORD)
        assert user is not None
        watched = Engagement.objects.filter(user=user).count()
        assert watched <= min(person.watched, SIZE.videos // 4)
        assert watched >= min(person.watched, SIZE.videos // 4) * 0.9
        assert user.parent_category_interests.exists()
        assert feed.home(user, size=12).items


def test_new_rows_get_keys_of_their_own(site, django_user_model):
    someone = django_user_model.objects.create_user("someone", password="x")
    assert someone.pk > SIZE.people


def test_a_site_with_people_is_left_alone(db, django_user_model):
    django_user_model.objects.create_user("someone", password="x")
    with pytest.raises(NotEmpty):
        build(SIZE, clips=1)


@pytest.mark.parametrize("counts", [{"videos": 9}, {"engagements": 10**9}])
def test_impossible_sizes_are_refused(counts):
    with pytest.raises(ValueError, match=r"at least|use 1 to"):
        Size(**{"videos": 300, "people": 400, "engagements": 10, "follows": 9} | counts)
