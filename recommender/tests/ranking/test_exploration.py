"""Exploration: which videos, in how many places, and with which propensity."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import make_user
from interactions.models import Impression
from interactions.tests.factories import watch
from recommender import feed
from recommender.dataset import view_counts
from recommender.feeds import pagination
from recommender.ml.data.selection import Selection
from recommender.models import FeatureLog, ViewCounts
from recommender.ranking import exploration, feature_log
from recommender.ranking.features import COLUMN
from recommender.registry.catalogue import catalogue
from videos.models import Video
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(days=400)


def everything():
    return Selection.of(catalogue())


def chosen(slots=5, ranked=()):
    explorers = exploration.choose(everything(), slots, ranked=ranked)
    return [explorer for explorer in explorers if explorer is not None]


def test_the_old_and_the_often_seen_are_left_to_the_ranking(settings):
    settings.EXPLORE_UNIFORM = 0
    new, known, old = make_video(), make_video(), make_video(published_at=LONG_AGO)
    ViewCounts.objects.create(video=known, impressions=settings.EXPLORE_MAX_IMPRESSIONS)
    ViewCounts.objects.create(video=old)
    assert [explorer.video_id for explorer in chosen()] == [new.pk]
    assert chosen(ranked=[new.pk]) == []
    settings.EXPLORE_MAX_IMPRESSIONS += 1
    assert {explorer.video_id for explorer in chosen()} == {new.pk, known.pk}


def test_any_video_may_get_a_uniform_slot_with_its_propensity(settings):
    settings.EXPLORE_UNIFORM = 1
    made = [make_video(published_at=LONG_AGO).pk for _ in range(4)]
    found: Counter[int] = Counter()
    for _ in range(200):
        first, second = chosen(slots=2, ranked=made[:2])
        assert (first.propensity, second.propensity) == pytest.approx((1 / 4, 1 / 3))
        assert first.uniform
        found[first.video_id] += 1
    assert set(found) == set(made)
    assert max(found.values()) < 90


def test_impressions_and_the_views_they_led_to_are_counted():
    video, old = make_video(), make_video(published_at=LONG_AGO)
    user = make_user()
    page = feed.home(user)
    for who in (user, make_user(), None):
        feed_id = page.feed_id if who == user else feed.home(make_user()).feed_id
        for shown in (video, old):
            Impression.objects.create(
                feed_id=feed_id, user=who, video=shown, position=1, source="fresh"
            )
    watch(video, user=user, feed_id=page.feed_id)
    watch(video)  # from nowhere
    view_counts.update()
    assert (video.view_counts.impressions, video.view_counts.engaged) == (2, 1)
    assert not ViewCounts.objects.filter(video=old).exists()


@pytest.fixture
def many(monkeypatch):
    """More new videos than a plan holds."""
    monkeypatch.setattr(pagination, "PLAN_SIZE", 36)
    creators = [make_user() for _ in range(12)]
    for n in range(120):
        make_video(creator=creators[n % 12])


def test_five_to_ten_per_cent_of_home_explore_and_log_the_propensity(many, settings):
    settings.EXPLORE_UNIFORM = 0.5
    sources: Counter[str] = Counter()
    for _ in range(6):
        user = make_user()
        page = feed.home(user, size=24)
        sources.update(item.source for item in page.items)
        explored = [i for i in page.items if i.source in exploration.SOURCES]
        assert [item.position for item in explored] == [8, 20]
        assert len({item.video for item in page.items}) == 24
        log = FeatureLog.objects.get(feed_id=page.feed_id)
        rows = dict(zip(log.video_ids, feature_log.unpacked(log), strict=True))
        for item in page.items:
            propensity = float(rows[item.video.pk][COLUMN["propensity"]])
            if item in explored:
                assert propensity == pytest.approx(item.score, rel=1e-3)
                assert 0.499 / 120 <= propensity <= 0.6
            else:
                assert propensity == 1
            assert rows[item.video.pk][COLUMN["position"]] == item.position
    assert sources.keys() >= set(exploration.SOURCES)


def test_a_small_catalogue_loses_nothing_to_its_slots(settings):
    settings.EXPLORE_UNIFORM = 1
    for count in (7, 8, 9, 20):
        while Video.objects.count() < count:
            make_video()
        shown = [item.video for item in feed.home(make_user()).items]
        assert len(shown) == len(set(shown)) == count
