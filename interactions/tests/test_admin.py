"""The administration of what people do."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import make_user
from interactions import services
from interactions.models import (
    Engagement,
    Event,
    Impression,
    Like,
    NotInterested,
    Watch,
)
from interactions.tests.factories import make_comment, watch
from videos.models import Video
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db
MODELS = [
    *("watch", "like", "follow", "comment", "usercategoryinterest", "engagement"),
    *("notinterested", "impression", "event"),
]
RECORDED = [
    "watch",
    "like",
    "usercategoryinterest",
    "engagement",
    "impression",
    "event",
]


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def one_of_each() -> Video:
    user, video = make_user(), make_video(categories=[make_category()])
    watch(video, user=user)
    services.like(user=user, video=video)
    services.follow(follower=user, followee=video.creator)
    make_comment(user=user, video=video, parent=make_comment(video=video))
    NotInterested.objects.create(user=user, video=video)
    Impression.objects.create(
        feed_id=uuid4(), user=user, video=video, position=0, source="trending"
    )
    Event.objects.create(event_id=uuid4(), user=user, kind="watch")
    return video


def list_of(model: str) -> str:
    return reverse(f"admin:interactions_{model}_changelist")


@pytest.mark.parametrize("model", MODELS)
def test_lists_are_found_in_and_bounded(
    admin: Client, model: str, django_assert_max_num_queries
):
    for _ in range(6):
        one_of_each()
    with django_assert_max_num_queries(12):
        answer = admin.get(list_of(model))
    assert answer.status_code == 200
    assert answer.context["cl"].result_count >= 6
    found = admin.get(list_of(model), {"q": "user"})
    assert found.context["cl"].result_count >= 6
    assert admin.get(list_of(model), {"q": "nobody"}).context["cl"].result_count == 0
    row = answer.context["cl"].queryset.first()
    page = reverse(f"admin:interactions_{model}_change", args=[row.pk])
    assert admin.get(page).status_code == 200


@pytest.mark.parametrize("model", RECORDED)
def test_what_the_platform_writes_is_not_edited(admin: Client, model: str):
    one_of_each()
    assert admin.get(reverse(f"admin:interactions_{model}_add")).status_code == 403
    row = admin.get(list_of(model)).context["cl"].queryset.first()
    page = reverse(f"admin:interactions_{model}_change", args=[row.pk])
    assert admin.post(page, {}).status_code == 403


def test_deleting_rows_takes_their_share_from_the_sums(admin: Client):
    video = one_of_each()
    watch(video)
    like = Like.objects.get()
    page = reverse("admin:interactions_like_delete", args=[like.pk])
    assert admin.post(page, {"post": "yes"}).status_code == 302
    video.refresh_from_db()
    assert (video.views, video.likes) == (2, 0)
    assert video.engagement == pytest.approx(0.96)

    every = {
        "action": "delete_selected",
        "_selected_action": list(Watch.objects.values_list("pk", flat=True)),
        "post": "yes",
    }
    assert admin.post(list_of("watch"), every).status_code == 302
    video.refresh_from_db()
    assert (video.views, video.likes, video.engagement) == (0, 0, 0)
    assert not Engagement.objects.exists()


def test_sums_themselves_are_not_deleted(admin: Client):
    one_of_each()
    row = Engagement.objects.get()
    page = reverse("admin:interactions_engagement_delete", args=[row.pk])
    assert admin.post(page, {"post": "yes"}).status_code == 403


def test_strangers_stay_outside(client: Client):
    client.force_login(make_user())
    assert client.get(list_of("watch")).status_code == 302


def test_the_site_checks_out():
    call_command("check", fail_level="WARNING")
