"""Views, likes and the score that both make up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.tests.factories import make_user
from interactions import services
from interactions.models import AnonymousView, Engagement, Like, Watch
from interactions.services import aggregates
from interactions.services.engagement import ENGAGEMENT_SCORE_SQL
from interactions.services.watching import Report, record_watches
from interactions.tests.factories import watch
from recommender.dataset import view_counts
from recommender.models import ViewCounts
from videos.models import Video
from videos.progress import progress_of
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db
EARLIER = timezone.now() - timedelta(days=1)


def counters(video: Video) -> Any:
    row = Video.objects.get(pk=video.pk)
    return row.views, row.likes, pytest.approx(row.engagement)


@pytest.mark.parametrize(
    ("fraction", "liked", "score"),
    [
        (0.0, False, 0.0),
        (0.29, False, 0.0),
        (0.29, True, 0.0),
        (0.3, False, 0.18),
        (0.3, True, 0.58),
        (0.5, True, 0.7),
        (1.0, False, 0.6),
        (1.0, True, 1.0),
    ],
)
def test_the_score_and_its_twin(settings, fraction: float, liked: bool, score: float):
    assert services.engagement_score(fraction=fraction, liked=liked) == (
        pytest.approx(score)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {ENGAGEMENT_SCORE_SQL} FROM (SELECT %(fraction)s::float8 AS"
            " fraction, %(liked)s AS liked) AS row",
            {
                "fraction": fraction,
                "liked": liked,
                "view_threshold": settings.VIEW_THRESHOLD,
            },
        )
        assert cursor.fetchone()[0] == pytest.approx(score)


def test_the_threshold_is_a_setting(settings):
    settings.VIEW_THRESHOLD = 0.5
    assert services.engagement_score(fraction=0.49, liked=True) == 0
    video = make_video()
    watch(video, fraction=0.49)
    assert counters(video) == (0, 0, 0)
    watch(video, fraction=0.5)
    assert counters(video) == (1, 0, 0.3)


def test_a_session_only_grows_and_each_counts_once():
    user, video, session = make_user(), make_video(), uuid4()
    for fraction, seconds in ((0.2, 12), (0.8, 48), (0.4, 24), (0.8, 48)):
        watch(video, user=user, session_id=session, fraction=fraction, seconds=seconds)
    watch(video, user=user, fraction=0.5, seconds=30, at=EARLIER)
    assert counters(video) == (2, 0, 0.48)
    row = Engagement.objects.get()
    assert (row.fraction, row.seconds, row.sessions, row.viewed) == (0.8, 78, 2, True)


def test_reports_may_overtake_each_other():
    user, video, session = make_user(), make_video(), uuid4()
    now = timezone.now()
    early = now - timedelta(minutes=1)
    watch(video, user=user, session_id=session, fraction=0.9, position=54, at=now)
    watch(video, user=user, session_id=session, fraction=0.2, position=12, at=early)
    row = Watch.objects.get()
    assert (row.watch_time, row.position, row.timestamp) == (0.9, 54, now)


def test_seconds_are_bounded_by_the_duration():
    watch(make_video(duration=60), seconds=1e9, position=1e9)
    row = Watch.objects.get()
    assert row.watched_duration == row.position == pytest.approx(66)


def test_creators_do_not_lift_their_own_videos():
    creator = make_user()
    video = make_video(creator=creator, categories=[make_category()])
    watch(video, user=creator, fraction=1.0)
    assert counters(video) == (0, 0, 0)
    row = Engagement.objects.get()
    assert (row.fraction, row.viewed, row.score) == (1.0, False, 0)
    assert not creator.category_interests.exists()


def test_a_like_counts_from_the_threshold_on():
    user, video, session = make_user(), make_video(), uuid4()
    watch(video, user=user, session_id=session, fraction=0.1)
    services.like(user=user, video=video)
    assert counters(video) == (0, 1, 0)
    watch(video, user=user, session_id=session, fraction=0.5)
    assert counters(video) == (1, 1, 0.7)
    services.unlike(user=user, video=video)
    assert counters(video) == (1, 0, 0.3)


def test_liking_and_unliking_are_idempotent():
    user, video = make_user(), make_video()
    for _ in range(2):
        services.like(user=user, video=video)
    assert counters(video) == (0, 1, 0)
    assert Like.objects.count() == 1
    for _ in range(2):
        services.unlike(user=user, video=video)
    assert counters(video) == (0, 0, 0)
    assert not Engagement.objects.exists()


def test_recording_off_counts_the_view_and_keeps_nothing_else():
    user, video, session = make_user(record_history=False), make_video(), uuid4()
    for fraction in (0.1, 0.5, 0.9):
        watch(video, user=user, session_id=session, fraction=fraction)
    assert counters(video) == (1, 0, 0)
    assert not Watch.objects.exists()
    assert not Engagement.objects.exists()


def test_recording_switched_in_the_middle_counts_one_view():
    user, video, session = make_user(), make_video(), uuid4()
    watch(video, user=user, session_id=session)
    user.record_history = False
    watch(video, user=user, session_id=session)
    assert counters(video)[0] == 1
    other = uuid4()
    watch(video, user=user, session_id=other, at=EARLIER)
    user.record_history = True
    watch(video, user=user, session_id=other, at=EARLIER)
    assert counters(video)[0] == 2


def test_removal_forgets_the_person_and_keeps_the_views():
    user, category = make_user(), make_category()
    video, other = make_video(categories=[category]), make_video(categories=[category])
    session = uuid4()
    watch(video, user=user, session_id=session)
    watch(video, user=user, at=EARLIER)
    watch(other, user=user)
    services.like(user=user, video=video)
    services.remove_from_history(user=user, video=video)
    assert counters(video) == (2, 1, 0)
    assert [row.video for row in Watch.objects.all()] == [other]
    assert AnonymousView.objects.filter(video=video).count() == 2
    row = Engagement.objects.get(video=video)
    assert (row.viewed, row.liked, row.score) == (False, True, 0)
    assert user.category_interests.get().interaction_count == 2  # one watch, one like

    services.remove_from_history(user=user, video=video)
    assert counters(video) == (2, 1, 0)
    watch(video, user=user, session_id=session)  # the player was still open
    assert counters(video) == (2, 1, pytest.approx(0.88))


def test_clearing_forgets_all_of_one_person():
    user, video = make_user(), make_video(categories=[make_category()])
    watch(video, user=user)
    watch(video)
    services.clear_history(user=user)
    services.clear_history(user=user)
    assert counters(video) == (2, 0, 0.48)
    assert not Engagement.objects.filter(user=user).exists()
    assert not user.category_interests.exists()


def test_deleted_accounts_leave_their_views_and_take_their_likes():
    user, video = make_user(), make_video()
    watch(video, user=user)
    services.like(user=user, video=video)
    services.forget_person(user=user)
    user.delete()
    assert counters(video) == (1, 0, 0)


def test_seen_and_progress():
    user, seen, begun = make_user(), make_video(), make_video()
    watch(seen, user=user, fraction=0.3)
    watch(begun, user=user, fraction=0.2)
    services.like(user=user, video=make_video())
    assert [row.video for row in Engagement.objects.seen_by(user)] == [seen]
    videos = list(Video.objects.all())
    progress = {seen.pk: 0.3, begun.pk: 0.2}
    assert progress_of(user, videos) == progress
    assert progress_of(make_user(), videos) == {}


def test_reloads_are_one_view(settings):
    user, video = make_user(), make_video(categories=[make_category()])
    start = timezone.now() - timedelta(hours=5)
    for seconds in (0, 20, 40):
        at = start + timedelta(seconds=seconds)
        watch(video, user=user, fraction=0.4 + seconds / 100, at=at)
    assert counters(video) == (1, 0, 0.48)
    assert user.category_interests.get().interaction_count == 1
    watch(video, at=start)
    watch(video, user=user, at=start + settings.VIEW_WINDOW)
    watch(video, user=user, at=start - timedelta(minutes=1))  # arrives late
    assert counters(video)[0] == 3
    before = counters(video), user.category_interests.get().interaction_count
    aggregates.rebuild()
    assert before == (
        counters(video),
        user.category_interests.get().interaction_count,
    )
    view_counts.update()
    assert ViewCounts.objects.get(video=video).day == 3
    services.remove_from_history(user=user, video=video)
    assert counters(video)[0] == 3


def test_reloads_in_one_batch_are_one_view():
    user, video = make_user(), make_video()
    now = timezone.now()
    reports = [Report(video, uuid4(), 0.9, 54.0, now) for _ in range(3)]
    with transaction.atomic():
        record_watches(user=user, reports=reports)
    assert counters(video)[0] == 1
    assert Watch.objects.filter(counted=True).count() == 3


def test_the_window_is_a_setting(settings):
    settings.VIEW_WINDOW = timedelta(0)
    user, video = make_user(), make_video()
    for _ in range(3):
        watch(video, user=user)
    assert counters(video)[0] == 3
