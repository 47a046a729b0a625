"""The sums kept up to date one by one equal those computed anew from the rows."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from accounts.tests.factories import make_user
from interactions import services
from interactions.models import (
    AnonymousView,
    Engagement,
    Like,
    UserCategoryInterest,
    Watch,
)
from interactions.services import aggregates
from interactions.tests.factories import watch
from videos.models import Video
from videos.tests.factories import make_category, make_parent_category, make_video

pytestmark = pytest.mark.django_db


def sums(at) -> dict[str, Any]:
    """All that is summed, with interests as they stand at `at`."""
    engagements = {
        (row.user_id, row.video_id): (
            pytest.approx(row.fraction),
            pytest.approx(row.seconds),
            row.sessions,
            row.viewed,
            row.liked,
            pytest.approx(row.score),
            row.last_at,
        )
        for row in Engagement.objects.all()
    }
    videos = {
        row.pk: (row.views, row.likes, pytest.approx(row.engagement))
        for row in Video.objects.all()
    }
    interests = {
        (row.user_id, row.category_id): (
            pytest.approx(row.current_score, abs=1e-6),
            row.interaction_count,
            row.seeded_at,
        )
        for row in UserCategoryInterest.objects.with_current_score(at)
    }
    watches = dict(Watch.objects.values_list("pk", "counted"))
    return {"e": engagements, "v": videos, "i": interests, "w": watches}


def random_history(seed: int) -> None:
    """200 deeds of 6 people with 8 videos in 5 categories over 90 days."""
    rng = random.Random(seed)
    parents = [make_parent_category() for _ in range(2)]
    categories = [make_category(parent_category=rng.choice(parents)) for _ in range(5)]
    people = [make_user(record_history=number != 0) for number in range(6)]
    people[1].parent_category_interests.set(parents[:1])
    services.seed_interests(user=people[1])
    videos = [
        make_video(creator=rng.choice(people), categories=rng.sample(categories, k=2))
        for _ in range(8)
    ]
    start = timezone.now() - timedelta(days=90)
    open_sessions: list[tuple[Any, ...]] = []
    for _ in range(200):
        user, video = rng.choice(people), rng.choice(videos)
        at = start + timedelta(days=rng.uniform(0, 90))
        deed = rng.random()
        if deed < 0.6:
            if open_sessions and rng.random() < 0.5:
                user, video, session = rng.choice(open_sessions)
            else:
                session = UUID(int=rng.getrandbits(128), version=4)
                open_sessions.append((user, video, session))
            services.record_watch(
                user=user,
                video=video,
                session_id=session,
                fraction=rng.random(),
                seconds=rng.uniform(0, 60),
                at=at,
            )
        elif deed < 0.75:
            services.like(user=user, video=video, at=at)
        elif deed < 0.85:
            services.unlike(user=user, video=video)
        elif deed < 0.93:
            services.remove_from_history(user=user, video=video)
        elif deed < 0.95:
            services.clear_history(user=user)
        else:
            user.parent_category_interests.set(rng.sample(parents, k=rng.randint(0, 2)))
            services.seed_interests(user=user)


@pytest.mark.parametrize("seed", range(3))
def test_incremental_equals_rebuilt(seed: int):
    random_history(seed)
    now = timezone.now()
    kept = sums(now)
    aggregates.rebuild()
    assert sums(now) == kept


def test_counters_equal_rows():
    random_history(9)
    for video in Video.objects.all():
        counted = Watch.objects.filter(video=video, counted=True).count()
        nobodys = AnonymousView.objects.filter(video=video).count()
        assert video.views == counted + nobodys
        assert video.likes == Like.objects.filter(video=video).count()
        total = Engagement.objects.filter(video=video).aggregate(s=Sum("score"))["s"]
        assert video.engagement == pytest.approx(total or 0)


def test_bulk_rows_are_summed_from_nothing():
    user, category = make_user(), make_category()
    video = make_video(categories=[category])
    at = timezone.now() - settings.INTEREST_HALF_LIFE
    Watch.objects.bulk_create(
        [
            Watch(user=user, video=video, watch_time=0.2, timestamp=at),
            Watch(user=user, video=video, watch_time=0.5, timestamp=at),
            Watch(user=video.creator, video=video, watch_time=1.0, timestamp=at),
        ]
    )
    Like.objects.bulk_create([Like(user=user, video=video, timestamp=at)])
    aggregates.rebuild()
    video.refresh_from_db()
    assert (video.views, video.likes) == (1, 1)
    assert video.engagement == pytest.approx(0.6 * 0.5 + 0.4)
    engagement = Engagement.objects.get(user=user)
    assert (engagement.sessions, engagement.viewed, engagement.liked) == (2, True, True)
    own = Engagement.objects.get(user=video.creator)
    assert (own.fraction, own.viewed, own.score) == (1.0, False, 0.0)
    interest = UserCategoryInterest.objects.with_current_score(timezone.now()).get()
    assert interest.interaction_count == 2
    assert interest.current_score == pytest.approx(0.7 / 2, abs=1e-4)


def test_wrong_sums_are_put_right():
    video = make_video(categories=[make_category()])
    watch(video)
    now = timezone.now()
    right = sums(now)
    Video.objects.update(views=77, likes=8, engagement=3.0)
    Engagement.objects.update(score=0.1, fraction=0.1)
    UserCategoryInterest.objects.update(score=9, interaction_count=4)
    Engagement.objects.create(user=make_user(), video=video, score=1)
    stray = make_category()
    UserCategoryInterest.objects.create(user=make_user(), category=stray, score=1)
    aggregates.rebuild()
    assert sums(now) == right


def test_narrowed_to_users_leaves_others_alone():
    one, other = make_video(), make_video()
    user = make_user()
    watch(one, user=user)
    watch(other)
    Video.objects.update(views=50)
    aggregates.rebuild(users=[user])
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.views, other.views) == (1, 50)


def test_narrowed_to_videos_follows_a_changed_category():
    before, after = make_category(), make_category()
    video = make_video(categories=[before])
    user = make_user()
    watch(video, user=user)
    video.categories.set([after])
    aggregates.rebuild(videos=[video])
    assert [row.category for row in user.category_interests.all()] == [after]


def test_ages_beyond_measure_do_not_underflow():
    user, category = make_user(), make_category()
    video, old = make_video(categories=[category]), make_video(categories=[category])
    watch(old, user=user, at=timezone.now() - timedelta(days=365 * 60))
    watch(video, user=user, session_id=uuid4())
    aggregates.rebuild()
    later = timezone.now() + timedelta(days=365 * 300)
    row = UserCategoryInterest.objects.with_current_score(later).get()
    assert row.score == pytest.approx(0.48)
    assert 0 < row.current_score < 1e-30
