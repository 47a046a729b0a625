"""Logged features: what a feed stores, their grades, and when they are deleted."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.models import Impression, Like
from interactions.tasks import forget_impressions
from interactions.tests.factories import watch
from recommender import feed
from recommender.dataset import view_counts
from recommender.models import FeatureLog, FeedSession
from recommender.ranking import feature_log
from recommender.ranking.features import COLUMN, FEATURES
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db
YESTERDAY = timedelta(days=1, hours=2)


def noted(page):
    """The rows of a page's feed by video: what was known of each."""
    found = {}
    for log in FeatureLog.objects.filter(feed_id=page.feed_id):
        found |= dict(zip(log.video_ids, feature_log.unpacked(log), strict=True))
    return found


def see(page, user, *, at=None, count=None):
    """The first videos of a page come on the screen."""
    shown = Impression.objects.bulk_create(
        Impression(
            feed_id=page.feed_id,
            user=user,
            video=item.video,
            position=item.position,
            source=item.source,
        )
        for item in page.items[:count]
    )
    at = at or timezone.now() - YESTERDAY
    Impression.objects.filter(pk__in=[row.pk for row in shown]).update(created_at=at)
    FeatureLog.objects.filter(feed_id=page.feed_id).update(created_at=at)


def value(row, name):
    return float(row[COLUMN[name]])


def test_a_home_feed_logs_the_features_of_each_video():
    user, creator = make_user(), make_user()
    jazz, chess = make_category(), make_category()
    interactions.follow(follower=user, followee=creator)
    seen = make_video(categories=[jazz])
    watch(seen, user=user)
    ago = timezone.now() - timedelta(days=3)
    close = make_video(
        categories=[jazz], creator=creator, duration=99, published_at=ago
    )
    far = make_video(categories=[chess], duration=9, published_at=ago)
    for _ in range(4):
        watch(far)
    view_counts.update()
    page = feed.home(user)
    rows = noted(page)
    assert rows.keys() == {close.pk, far.pk}
    first = page.items[0].video
    assert value(rows[first.pk], "position") == 1
    assert value(rows[first.pk], "fused") == 1
    row = rows[close.pk]
    assert value(row, "followed") == value(row, "affinity") == 1
    assert value(row, "following_rank") == 1
    assert value(row, "age") == pytest.approx(3, abs=0.01)
    assert value(row, "duration") == pytest.approx(np.log(100), rel=1e-3)
    other = rows[far.pk]
    assert value(other, "followed") == value(other, "affinity") == 0
    assert np.isnan(value(other, "following_rank"))
    for window in ("day", "week", "month"):
        assert value(other, window) == pytest.approx(np.log(5), rel=1e-3)
        assert value(row, window) == 0
    assert value(other, "propensity") == 1
    log = FeatureLog.objects.get()
    assert (log.user, log.ranker, log.model_run) == (user, "", "")


def test_later_actions_do_not_change_logged_features():
    user = make_user()
    video = make_video()
    page = feed.home(user)
    before = noted(page)[video.pk]
    for _ in range(3):
        watch(video)
    watch(video, user=user)
    view_counts.update()
    np.testing.assert_array_equal(noted(page)[video.pk], before)


def test_views_are_counted_by_their_age():
    video = make_video()
    now = timezone.now()
    for days in (0, 3, 3, 20, 20, 20, 40):
        watch(video, at=now - timedelta(days=days))
    view_counts.update()
    counted = video.view_counts
    assert (counted.day, counted.week, counted.month) == (1, 3, 6)


@pytest.mark.parametrize("who", ["recording off", "anonymous"])
def test_of_whom_nothing_is_learned(who):
    make_video()
    user = (
        make_user(record_history=False) if who == "recording off" else AnonymousUser()
    )
    page = feed.home(user)
    assert page.items
    assert FeatureLog.objects.exists() is (who == "anonymous")
    if who == "anonymous":
        see(page, None)
    assert len(feature_log.judged()) == 0


def test_grades_follow_the_outcome_of_an_impression():
    user = make_user()
    made = [make_video() for _ in range(7)]
    page = feed.home(user)
    see(page, user, at=timezone.now() - YESTERDAY)
    at = timezone.now() - timedelta(days=1)
    for video, fraction in zip(made, (0.1, 0.4, 0.6, 0.95, 0.95, 0.4), strict=False):
        feed_id = uuid4() if video == made[4] else page.feed_id
        watch(video, user=user, fraction=fraction, feed_id=feed_id, at=at)
    interactions.like(user=user, video=made[3])
    interactions.like(user=user, video=made[5])
    Like.objects.filter(video=made[3]).update(timestamp=at)
    Like.objects.filter(video=made[5]).update(timestamp=at + timedelta(days=2))
    judged = feature_log.judged()
    place = {item.video: row for row, item in enumerate(page.items)}
    # A glance; from 30 %; half; to the end and liked; from elsewhere; liked too late.
    expected = [0, 1, 2, 4, 0, 1, 0]
    assert [int(judged.grades[place[video]]) for video in made] == expected
    assert set(judged.people) == {user.pk}
    assert judged.features[:, FEATURES.index("position")].tolist() == [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
    ]


def test_what_was_seen_today_is_not_judged_yet_and_the_unseen_never():
    user = make_user()
    for _ in range(5):
        make_video()
    early, late = feed.home(user), feed.home(user)
    see(early, user, count=3)
    see(late, user, at=timezone.now())
    assert len(feature_log.judged()) == 3


def test_another_persons_impressions_of_a_feed_do_not_count():
    user = make_user()
    make_video()
    page = feed.home(user)
    see(page, make_user())
    assert len(feature_log.judged()) == 0


def test_lists_are_in_order_of_time_and_kept_apart():
    user = make_user()
    for _ in range(3):
        make_video()
    pages = [feed.home(user) for _ in range(3)]
    for days, page in zip((3, 5, 4), pages, strict=True):
        see(page, user, at=timezone.now() - timedelta(days=days))
    fused = FEATURES.index("fused")
    judged = feature_log.judged()
    assert judged.lists.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert judged.features[[0, 3, 6], fused].tolist() == [1, 1, 1]


def test_of_a_feed_that_is_over_what_was_seen_is_kept():
    user = make_user()
    for _ in range(5):
        make_video()
    seen, unseen = feed.home(user), feed.home(user)
    long_ago = timezone.now() - timedelta(days=9)
    see(seen, user, at=long_ago, count=2)
    FeatureLog.objects.filter(feed_id=unseen.feed_id).update(created_at=long_ago)
    before = feature_log.judged()
    assert feature_log.settle_old_feeds() == 2
    log = FeatureLog.objects.get()
    assert log.video_ids == [item.video.pk for item in seen.items[:2]]
    after = feature_log.judged()
    np.testing.assert_array_equal(after.features, before.features)
    assert feature_log.settle_old_feeds() == 0


def test_expired_rows_are_deleted(settings):
    user = make_user()
    make_video()
    see(feed.home(user), user, at=timezone.now() - settings.IMPRESSIONS_KEPT)
    recent = feed.home(user)
    see(recent, user)
    feature_log.settle_old_feeds()
    assert FeatureLog.objects.get().feed_id == recent.feed_id
    assert forget_impressions.func() == 1
    assert Impression.objects.get().feed_id == recent.feed_id


def test_a_plan_is_kept_in_fifty_bytes_a_video():
    for _ in range(40):
        make_video()
    feed.home(make_user())
    log = FeatureLog.objects.get()
    assert len(log.signals) == 50 * len(log.video_ids)
    # The stored feed has no features in it: pages do not read them.
    fields = {"video", "source", "score", "evidence", "widened"}
    assert all(item.keys() == fields for item in FeedSession.objects.get().items)
