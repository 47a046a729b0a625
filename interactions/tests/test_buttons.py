"""Like, follow, not interested: for members, strangers' videos and visitors."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import make_user
from interactions.models import Follow, Like, NotInterested
from videos.models import Video
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/explore/?page=2"}
BUTTONS = ["like", "not_interested"]


@pytest.fixture
def member(client: Client) -> User:
    user = make_user()
    client.force_login(user)
    return user


def press(client: Client, name: str, key: str, htmx: bool = True, **data: str):
    return client.post(reverse(name, args=[key]), data, headers=HTMX if htmx else {})


def test_the_like_button_answers_with_its_new_state(client, member):
    video = make_video()
    answer = press(client, "like", video.video_id)
    assert 'aria-pressed="true"' in answer.text
    assert "1<span" in answer.text
    assert Like.objects.get().user == member
    again = press(client, "like", video.video_id)  # the first answer was lost
    assert 'aria-pressed="true"' in again.text
    assert Like.objects.get().user == member
    answer = press(client, "like", video.video_id, undo="1")
    assert 'aria-pressed="false"' in answer.text
    assert "0<span" in answer.text
    assert not Like.objects.exists()


def test_without_script_buttons_lead_back(client, member):
    video = make_video()
    answer = press(client, "like", video.video_id, htmx=False)
    assert answer.headers["Location"] == video.get_absolute_url()
    answer = press(client, "follow", video.creator.username, htmx=False)
    assert answer.headers["Location"] == video.creator.get_absolute_url()
    answer = press(client, "not_interested", video.video_id, htmx=False)
    assert answer.headers["Location"] == reverse("home")


def test_the_follow_button_answers_with_its_new_state(client, member):
    creator = make_user()
    answer = press(client, "follow", creator.username.upper())
    assert 'aria-pressed="true"' in answer.text
    row = Follow.objects.get()
    assert (row.follower, row.followee) == (member, creator)
    again = press(client, "follow", creator.username)
    assert 'aria-pressed="true"' in again.text
    assert json.loads(again.headers["HX-Trigger"])["counts"]["values"] == {
        f"followers-{creator.pk}": "1",
        f"followers-word-{creator.pk}": "follower",
        f"following-{member.pk}": "1",
    }
    answer = press(client, "follow", creator.username, undo="1")
    assert 'aria-pressed="false"' in answer.text
    assert not Follow.objects.exists()


def test_nobody_follows_themselves_or_those_who_are_gone(client, member):
    answer = press(client, "follow", member.username)
    assert answer.status_code == 422
    assert "yourself" in answer.text
    gone = make_user(is_active=False)
    assert press(client, "follow", gone.username).status_code == 404
    assert press(client, "follow", "nobody").status_code == 404
    assert not Follow.objects.exists()


def test_not_interested_can_be_undone(client, member):
    video = make_video()
    answer = press(client, "not_interested", video.video_id)
    assert "Undo" in answer.text
    press(client, "not_interested", video.video_id)
    assert NotInterested.objects.get().user == member
    answer = press(client, "not_interested", video.video_id, undo="1")
    assert answer.headers["HX-Redirect"] == "/explore/?page=2"
    assert not NotInterested.objects.exists()


@pytest.mark.parametrize("name", BUTTONS)
def test_what_one_may_not_see_is_not_found(client, name):
    owner = make_user()
    video = make_video(creator=owner, visibility=Video.Visibility.PRIVATE)
    client.force_login(make_user())
    assert press(client, name, video.video_id).status_code == 404
    assert press(client, name, "nowhere").status_code == 404
    client.force_login(owner)
    assert press(client, name, video.video_id).status_code == 200


@pytest.mark.parametrize("name", [*BUTTONS, "follow"])
def test_visitors_log_in_and_come_back(client, name):
    video = make_video()
    key = video.creator.username if name == "follow" else video.video_id
    address = press(client, name, key).headers["HX-Redirect"]
    assert urlsplit(address).path == reverse("account_login")
    assert parse_qs(urlsplit(address).query) == {"next": ["/explore/?page=2"]}
    answer = press(client, name, key, htmx=False)
    assert answer.status_code == 302
    assert urlsplit(answer.headers["Location"]).path == reverse("account_login")
    assert not Like.objects.exists()
    assert not Follow.objects.exists()


@pytest.mark.parametrize("name", [*BUTTONS, "follow"])
def test_looking_changes_nothing(client, member, name):
    video = make_video()
    key = video.creator.username if name == "follow" else video.video_id
    page = (video.creator if name == "follow" else video).get_absolute_url()
    assert client.get(reverse(name, args=[key])).url == page
    assert not Like.objects.exists()
    assert not Follow.objects.exists()


def test_another_site_cannot_press_them(member):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)
    assert press(client, "like", make_video().video_id).status_code == 403
