"""Stored feeds as administrators read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import make_user
from recommender import feed
from recommender.models import FeedSession
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db
LIST = reverse("admin:recommender_feedsession_changelist")


@pytest.fixture(autouse=True)
def _admin(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))


def page_of(client, session: FeedSession) -> str:
    address = reverse("admin:recommender_feedsession_change", args=[session.pk])
    return client.get(address).content.decode()


def test_the_newest_feed_comes_first(client):
    for days in (2, 0, 1):
        session = FeedSession.objects.create(kind=f"before{days}")
        FeedSession.objects.filter(pk=session.pk).update(
            created_at=timezone.now() - timedelta(days=days)
        )
    listed = client.get(LIST).context["cl"].result_list
    assert [row.kind for row in listed] == ["before0", "before1", "before2"]


def test_a_feed_shows_its_videos_with_links_sources_and_reasons(client):
    viewer, category = make_user(), make_category(name="Banjo")
    videos = [make_video(title=f"Tune {n}", categories=[category]) for n in range(3)]
    feed.home(viewer, category=category)
    session = FeedSession.objects.get()
    page = page_of(client, session)
    for video in videos:
        link = reverse("admin:videos_video_change", args=[video.pk])
        assert f'<a href="{link}"><bdi>{video.title}</bdi></a>' in page
    rows = client.get(
        reverse("admin:recommender_feedsession_change", args=[session.pk])
    ).context["adminform"]
    assert rows is not None
    assert f"category: {category.slug}" in page
    assert session.items[0]["source"] in page
    assert "Reason" in page
    assert "{&quot;" not in page  # JSON
    assert "[{" not in page


def test_a_deleted_video_and_an_older_format_are_shown(client):
    video, gone = make_video(title="Still here"), make_video()
    session = FeedSession.objects.create(
        kind="home",
        items=[[video.pk, "popular", 1.5, "Popular now"], [gone.pk, "popular", 1, "x"]],
    )
    gone.delete()
    page = page_of(client, session)
    assert "Still here" in page
    assert "Popular now" in page
    assert "deleted since" in page


def test_the_page_takes_few_queries(client, django_assert_max_num_queries):
    category = make_category()
    for _ in range(20):
        make_video(categories=[category])
    feed.home(make_user())
    session = FeedSession.objects.get()
    with django_assert_max_num_queries(25):
        page_of(client, session)
