from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from accounts.services import delete_account, export_account
from accounts.tests.factories import make_user
from interactions import services
from interactions.models import AnonymousView, Engagement, Inspire, Rating, Watch
from interactions.services import aggregates
from interactions.tests.factories import watch
from recommender.dataset import snapshot
from videos.models import Video
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db
FIRST, LATER = (datetime(2025, 5, day, 12, tzinfo=UTC) for day in (1, 2))


def untimed_view(user, video, session_id=None):
    session_id = session_id or uuid.uuid4()
    return watch(video, user=user, session_id=session_id, fraction=None, seconds=0)


def test_a_view_without_a_watch_time_counts_and_invents_none(settings):
    settings.UNTIMED_VIEW_WEIGHT = 0.25
    user, video = make_user(), make_video()
    row = untimed_view(user, video)
    assert (row.watch_time, row.counted) == (None, True)
    engagement = Engagement.objects.get()
    assert (engagement.viewed, engagement.fraction) == (True, 0)
    assert engagement.score == 0.25
    assert Video.objects.get().views == 1
    services.like(user=user, video=video)
    assert Engagement.objects.get().score == pytest.approx(0.65)


def test_what_is_known_of_a_view_takes_the_place_of_the_weight():
    user, video = make_user(), make_video()
    untimed_view(user, video)
    watch(user=user, video=video, fraction=0.9)
    assert Engagement.objects.get().score == pytest.approx(0.54)
    untimed_view(user, video)
    assert Engagement.objects.get().score == pytest.approx(0.54)


def test_a_session_that_is_timed_later_has_its_time():
    user, video, session_id = make_user(), make_video(), uuid.uuid4()
    untimed_view(user, video, session_id)
    watch(user=user, video=video, session_id=session_id, fraction=0.5)
    assert Watch.objects.get().watch_time == 0.5
    assert Video.objects.get().views == 1


def test_untimed_views_of_creators_and_visitors():
    video = make_video()
    assert untimed_view(video.creator, video).counted is False
    assert untimed_view(AnonymousUser(), video) is None
    assert AnonymousView.objects.count() == Video.objects.get().views == 1


@pytest.mark.parametrize("fractions", [[None], [None, 0.1], [None, 0.8], [0.1, 0.2]])
@pytest.mark.parametrize("liked", [True, False])
def test_all_sums_anew_are_those_kept_one_by_one(fractions, liked):
    user, video = make_user(), make_video()
    for fraction in fractions:
        if fraction is None:
            untimed_view(user, video)
        else:
            watch(user=user, video=video, fraction=fraction)
    if liked:
        services.like(user=user, video=video)
    names = ("fraction", "seconds", "sessions", "viewed", "liked", "score", "last_at")
    kept = list(Engagement.objects.values(*names))
    counters = list(Video.objects.values("views", "likes", "engagement"))
    Watch.objects.update(counted=False)
    Engagement.objects.update(score=0, viewed=False)
    aggregates.rebuild()
    assert list(Engagement.objects.values(*names)) == kept
    assert list(Video.objects.values("views", "likes", "engagement")) == counters


def test_inspire_and_rate():
    user, video = make_user(), make_video()
    services.inspire(user=user, video=video, at=FIRST)
    services.inspire(user=user, video=video, at=LATER)
    assert Inspire.objects.get().timestamp == FIRST
    services.rate(user=user, video=video, percent=20, at=FIRST)
    services.rate(user=user, video=video, percent=90, at=LATER)
    assert Rating.objects.values_list("percent", "timestamp").get() == (90, LATER)
    services.undo_inspire(user=user, video=video)
    services.undo_rating(user=user, video=video)
    assert not Inspire.objects.exists()
    assert not Rating.objects.exists()


@pytest.mark.parametrize("percent", [0, 101, -5])
def test_a_rating_is_from_1_to_100(percent):
    user, video = make_user(), make_video()
    with pytest.raises(ValueError, match="a rating must be 1 to 100"):
        services.rate(user=user, video=video, percent=percent)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rating.objects.create(user=user, video=video, percent=abs(percent or 999) + 100)


def test_export_and_deletion_cover_them():
    user, video = make_user(), make_video()
    services.inspire(user=user, video=video)
    services.rate(user=user, video=video, percent=70)
    data = export_account(user=user)
    assert data["inspires"][0]["video_id"] == video.pk
    assert data["ratings"][0]["percent"] == 70
    delete_account(user=user)
    assert not Inspire.objects.exists()
    assert not Rating.objects.exists()


def test_the_graph_has_them_with_their_weights(settings):
    settings.INSPIRE_WEIGHT, settings.RATING_WEIGHT = 0.8, 0.5
    user, video, hidden = make_user(), make_video(), make_video(visibility="private")
    for each in (video, hidden):
        services.inspire(user=user, video=each, at=FIRST)
        services.rate(user=user, video=each, percent=70, at=LATER)
    graph = snapshot.take()
    for edges, weight, time in (
        (graph.inspired, 0.8, FIRST),
        (graph.rated, 0.35, LATER),
    ):
        assert graph.user_ids[edges.source].tolist() == [user.pk]
        assert graph.item_ids[edges.target].tolist() == [video.pk]
        assert edges.weight.tolist() == [pytest.approx(weight)]
        assert edges.time.tolist() == [time.timestamp()]


@pytest.mark.parametrize(
    ("percent", "inspired", "fraction", "weight"),
    [
        (60, False, None, 0.3),  # half of 60 %
        (49, False, None, None),
        (60, True, None, 0.8),
        (60, True, 1.0, 0.8),
        (100, False, 1.0, 0.6),
    ],
)
def test_training_takes_them_for_watches_of_their_weight(
    settings, percent, inspired, fraction, weight
):
    settings.INSPIRE_WEIGHT, settings.RATING_WEIGHT = 0.8, 0.5
    user, video = make_user(), make_video()
    services.rate(user=user, video=video, percent=percent)
    if inspired:
        services.inspire(user=user, video=video)
    if fraction:
        watch(user=user, video=video, fraction=fraction)
    watched = snapshot.take().watched
    expected = [] if weight is None else [pytest.approx(weight)]
    assert watched.weight.tolist() == expected


def test_admin_shows_them(admin_client):
    user, video = make_user(), make_video(title="Bees")
    services.inspire(user=user, video=video)
    services.rate(user=user, video=video, percent=70)
    for name in ("inspire", "rating", "importrun"):
        page = admin_client.get(f"/admin/interactions/{name}/")
        assert page.status_code == 200
        assert (b"Bees" in page.content) == (name != "importrun")
