"""The pages of what one watched and liked."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import make_user
from interactions import services
from interactions.models import Watch
from interactions.tests.factories import watch
from interactions.views import PAGE_SIZE
from videos.models import Video
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
HISTORY, LIKED = "/history/", "/liked/"


@pytest.fixture
def member(client):
    user = make_user()
    client.force_login(user)
    return user


def days(answer) -> list[tuple[object, list[Video]]]:
    return [
        (day, [item.video for item in page.items])
        for day, page in answer.context["days"]
    ]


def test_each_video_stands_at_the_day_it_was_last_watched(client, member):
    now = timezone.now().replace(hour=12)
    one, two = make_video(), make_video()
    watch(one, user=member, at=now - timedelta(days=3), fraction=0.4)
    watch(two, user=member, at=now - timedelta(days=1), fraction=0.2)
    watch(one, user=member, at=now - timedelta(days=1, hours=1), fraction=0.1)
    watch(make_video())
    answer = client.get(HISTORY)
    assert days(answer) == [((now - timedelta(days=1)).date(), [two, one])]
    [(_, page)] = answer.context["days"]
    assert [item.progress for item in page.items] == [0.2, 0.4]


def test_a_day_that_goes_on_keeps_its_one_heading(client, member):
    noon = timezone.now().replace(hour=12) - timedelta(days=1)
    for minutes in range(PAGE_SIZE + 1):
        at = noon - timedelta(minutes=minutes)
        watch(make_video(), user=member, at=at, session_id=uuid4())
    first = client.get(HISTORY)
    address = first.context["next_url"]
    assert "history-day" in first.text
    assert "history-day" not in client.get(address, headers=HTMX).text
    assert "history-day" in client.get(address).text


def test_what_may_no_longer_be_opened_is_left_out(client, member):
    video = make_video()
    watch(video, user=member)
    services.like(user=member, video=video)
    Video.objects.update(visibility=Video.Visibility.PRIVATE)
    assert days(client.get(HISTORY)) == []
    assert client.get(LIKED).context["page"].items == []


def test_one_video_is_removed(client, member):
    video, other = make_video(), make_video()
    watch(video, user=member)
    watch(video, user=member)
    watch(other, user=member)
    strangers = watch(video)
    address = reverse("history_remove")
    answer = client.post(address, {"video_id": video.video_id}, headers=HTMX)
    assert (answer.status_code, answer.content) == (200, b"")
    assert {row.video for row in member.watches.all()} == {other}
    assert Watch.objects.filter(pk=strangers.pk).exists()
    answer = client.post(address, {"video_id": other.video_id})
    assert answer.headers["Location"] == HISTORY
    assert "No history yet" in client.get(HISTORY).text
    assert client.post(address, {"video_id": "nowhere"}).status_code == 404


def test_all_is_removed(client, member):
    watch(user=member)
    watch(user=member)
    strangers = watch()
    client.post(reverse("history_remove"), {"all": "1"})
    assert list(Watch.objects.all()) == [strangers]


def test_recording_is_paused_and_resumed(client, member):
    address = reverse("history_record")
    client.post(address)
    member.refresh_from_db()
    assert not member.record_history
    assert "History is paused" in client.get(HISTORY).text
    client.post(address, {"on": "1"})
    member.refresh_from_db()
    assert member.record_history


@pytest.mark.parametrize("name", ["history", "liked"])
def test_visitors_log_in_first(client, name: str):
    answer = client.get(reverse(name))
    assert answer.headers["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", ["history_remove", "history_record"])
def test_actions_are_for_members_and_by_post(client, name: str):
    answer = client.post(reverse(name), {"all": "1"})
    assert answer.headers["Location"].startswith(reverse("account_login"))
    client.force_login(make_user())
    assert client.get(reverse(name)).url == reverse("history")


def test_liked_videos_newest_first(client, member):
    videos = [make_video() for _ in range(3)]
    for video in videos:
        services.like(user=member, video=video)
    services.like(user=make_user(), video=make_video())
    shown = [item.video for item in client.get(LIKED).context["page"].items]
    assert shown == videos[::-1]


def test_pages_say_so_when_they_are_empty(client, member):
    assert "No history yet" in client.get(HISTORY).text
    assert "No likes yet" in client.get(LIKED).text


def test_long_lists_go_on_without_repeating(
    client, member, django_assert_max_num_queries
):
    now = timezone.now()
    videos = [make_video() for _ in range(PAGE_SIZE + 2)]
    for age, video in enumerate(videos):
        at = now - timedelta(hours=age)
        watch(video, user=member, at=at, session_id=uuid4())
        services.like(user=member, video=video, at=at)
    with django_assert_max_num_queries(8):
        first = client.get(HISTORY)
    second = client.get(first.context["next_url"], headers=HTMX)
    shown = [
        video
        for answer in (first, second)
        for _, part in days(answer)
        for video in part
    ]
    assert shown == videos
    assert second.context["next_url"] == ""
    with django_assert_max_num_queries(8):
        first = client.get(LIKED)
    second = client.get(first.context["page"].next_url, headers=HTMX)
    shown = [
        item.video
        for answer in (first, second)
        for item in answer.context["page"].items
    ]
    assert shown == videos
    assert client.get(HISTORY, {"after": "x"}).status_code == 400
