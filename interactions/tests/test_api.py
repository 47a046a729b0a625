"""What people do, by the API."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from accounts.tests.api import ask, token_of
from accounts.tests.factories import make_user
from interactions.models import Comment, Follow, NotInterested
from interactions.tests.factories import make_comment, watch
from videos.models import Video
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_requests_yet() -> None:
    cache.clear()


def test_a_like_counts_once_and_is_taken_back():
    video, token = make_video(), token_of(make_user())
    path = f"videos/{video.video_id}/like/"
    for _ in range(2):
        liked = ask("PUT", path, token=token).json()
        assert liked == {"liked": True, "likes": 1}
    assert ask("GET", f"videos/{video.video_id}/", token=token).json()["liked"]
    listed = ask("GET", "me/likes/", token=token).json()["results"]
    assert [each["video_id"] for each in listed] == [video.video_id]
    for _ in range(2):
        assert ask("DELETE", path, token=token).status_code == 204
    assert Video.objects.get().likes == 0


def test_a_video_is_dismissed_and_taken_back():
    video, token = make_video(), token_of(make_user())
    path = f"videos/{video.video_id}/not-interested/"
    home = [item["video"]["video_id"] for item in feed(token)]
    assert home == [video.video_id]
    assert ask("PUT", path, token=token).status_code == 204
    assert feed(token) == []
    assert ask("DELETE", path, token=token).status_code == 204
    assert not NotInterested.objects.exists()


def feed(token):
    return ask("GET", "feeds/home/", token=token).json()["results"]


def test_comments_with_their_replies_page_by_page():
    video, user = make_video(), make_user()
    token, path = token_of(user), f"videos/{video.video_id}/comments/"
    threads = [make_comment(video=video) for _ in range(5)]
    sent = {"text": " Agreed. ", "parent": threads[0].pk}
    reply = ask("POST", path, sent, token=token).json()
    assert (reply["text"], reply["parent"]) == ("Agreed.", threads[0].pk)
    found, cursor = [], ""
    while cursor is not None:
        page = ask("GET", f"{path}?limit=2{cursor}").json()
        found += page["results"]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert [each["id"] for each in found] == [each.pk for each in reversed(threads)]
    assert [each["id"] for each in found[-1]["replies"]] == [reply["id"]]


def test_a_comment_must_say_something_to_a_thread_of_the_video():
    video, token = make_video(), token_of(make_user())
    path = f"videos/{video.video_id}/comments/"
    elsewhere = make_comment()
    for sent, status in (
        ({"text": "  "}, 400),
        ({"text": "x" * 2001}, 400),
        ({}, 400),
        ({"text": "Hi", "parent": elsewhere.pk}, 404),
    ):
        assert ask("POST", path, sent, token=token).status_code == status
    assert Comment.objects.count() == 1


def test_the_creator_may_delete_what_others_say_below_a_video():
    comment = make_comment()
    path = f"comments/{comment.pk}/"
    shown = ask(
        "GET",
        f"videos/{comment.video.video_id}/comments/",
        user=comment.video.creator,
    ).json()
    assert shown["results"][0]["may_delete"] is True
    assert ask("DELETE", path, user=comment.video.creator).status_code == 204


def test_following_shows_on_both_sides():
    user, creator = make_user(), make_user()
    token, path = token_of(user), f"users/{creator.username}/"
    for _ in range(2):
        assert ask("PUT", f"{path}follow/", token=token).status_code == 204
    profile = ask("GET", path, token=token).json()
    assert (profile["figures"]["followers"], profile["is_following"]) == (1, True)
    followers = ask("GET", f"{path}followers/", user=creator).json()["results"]
    assert [each["username"] for each in followers] == [user.username]
    own = f"users/{user.username}/following/"
    following = ask("GET", own, user=user).json()["results"]
    assert [each["username"] for each in following] == [creator.username]
    assert ask("DELETE", f"{path}follow/", token=token).status_code == 204
    assert not Follow.objects.exists()


def test_history_is_the_newest_first_and_can_be_forgotten():
    user = make_user()
    token, videos = token_of(user), [make_video() for _ in range(3)]
    for video in videos:
        watch(video, user=user)
    rows = ask("GET", "me/history/", token=token).json()["results"]
    assert [row["video"]["video_id"] for row in rows] == [
        video.video_id for video in reversed(videos)
    ]
    assert rows[0]["video"]["progress"] == pytest.approx(0.8)
    path = f"me/history/{videos[0].video_id}/"
    assert ask("DELETE", path, token=token).status_code == 204
    assert user.watches.count() == 2
    assert ask("DELETE", path, token=token).status_code == 404
    assert ask("DELETE", "me/history/", token=token).status_code == 204
    assert user.watches.count() == 0
    assert Video.objects.get(pk=videos[0].pk).views == 1
