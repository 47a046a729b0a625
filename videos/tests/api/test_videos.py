"""Videos by the API: found, uploaded once, edited, played."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.tests.api import ask, status_of, token_of
from accounts.tests.factories import make_user
from accounts.tests.pictures import make_picture
from interactions.tests.factories import watch
from videos import search
from videos.files import links
from videos.models import Video
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(64)


@pytest.fixture(autouse=True)
def _no_requests_yet() -> None:
    cache.clear()


def titles(query: str = "", **who) -> list[str]:
    answer = ask("GET", f"videos/?{query}", **who)
    assert answer.status_code == 200, answer.content
    return [video["title"] for video in answer.json()["results"]]


def upload(token, key=None, content=MP4, **fields):
    file = SimpleUploadedFile("clip.mp4", content)
    headers = {"Idempotency_Key": key} if key else {}
    form = {"title": "Mine", "file": file} | fields
    return ask("POST", "videos/", files=form, token=token, **headers)


@pytest.fixture
def library():
    jazz = make_category()
    now = timezone.now()
    made = [
        make_video(title="Jazz piano", categories=[jazz], duration=60, views=5),
        make_video(
            title="Jazz history",
            duration=600,
            views=9,
            published_at=now - timedelta(days=20),
        ),
        make_video(
            title="Chess", duration=3000, published_at=now - timedelta(days=200)
        ),
        make_video(title="Jazz in private", visibility="private"),
    ]
    search.refresh()
    return jazz, made


def test_videos_are_narrowed_down_by_every_filter(library):
    jazz, made = library
    assert titles() == ["Jazz piano", "Jazz history", "Chess"]
    assert set(titles("q=jazz")) == {"Jazz piano", "Jazz history"}
    assert titles("q=jazz&sort=views") == ["Jazz history", "Jazz piano"]
    assert titles("q=jazz&age=week") == ["Jazz piano"]
    assert titles("duration=long") == ["Chess"]
    assert titles(f"creator={made[2].creator.username.upper()}") == ["Chess"]
    for slug in (jazz.slug, jazz.parent_category.slug):
        assert titles(f"category={slug}") == ["Jazz piano"]
    assert ask("GET", "videos/?category=nothing").status_code == 404


@pytest.mark.parametrize("query", ["", "q=jazz", "sort=views", "q=jazz&sort=newest"])
def test_pages_neither_repeat_nor_skip_whatever_is_uploaded_meanwhile(query):
    made = [
        make_video(title=f"Jazz {number}", views=number % 3) for number in range(11)
    ]
    search.refresh()
    found, cursor = [], ""
    while cursor is not None:
        page = ask("GET", f"videos/?limit=3&{query}&{cursor}").json()
        found += [video["video_id"] for video in page["results"]]
        cursor = page["next_cursor"] and f"cursor={page['next_cursor']}"
        make_video(title="Jazz, just now", views=100)
        search.refresh()
    assert sorted(found) == sorted(video.video_id for video in made)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "sort=loudest", "cursor=x", "duration=ages"]
)
def test_what_is_not_understood_is_said(query):
    assert ask("GET", f"videos/?{query}").status_code == 400


def test_an_upload_is_stored_for_the_worker():
    user, jazz = make_user(), make_category()
    answer = upload(token_of(user), categories=[jazz.slug], visibility="unlisted")
    assert answer.status_code == 201
    video = Video.objects.get()
    assert answer["Location"] == f"/api/v1/videos/{video.video_id}/"
    assert (video.creator, video.state) == (user, "processing")
    assert video.visibility == "unlisted"
    assert list(video.parent_categories.all()) == [jazz.parent_category]
    with video.video_file.open() as stored:
        assert stored.read() == MP4


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"content": b"MZ this is a program" * 9}, "non_field_errors"),
        ({"content": b""}, "file"),
        ({"title": "  "}, "title"),
        ({"categories": ["nothing"]}, "categories"),
        ({"visibility": "secret"}, "visibility"),
    ],
)
def test_an_upload_that_is_not_valid_leaves_nothing(changed, field):
    answer = upload(token_of(make_user()), **changed)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert not Video.objects.exists()


def test_a_creation_that_is_sent_twice_happens_once():
    token = token_of(make_user())
    first, again = upload(token, key="once"), upload(token, key="once")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first["Location"] == again["Location"]
    assert again["Idempotency-Replayed"] == "true"
    assert Video.objects.count() == 1
    for changed in ({"title": "Another"}, {"content": MP4 + b"x"}):
        assert upload(token, key="once", **changed).status_code == 422
    assert upload(token, key="twice").status_code == 201
    assert upload(token_of(make_user()), key="once").status_code == 201
    assert Video.objects.count() == 3


def test_a_creation_that_failed_may_be_tried_again_with_its_key():
    token = token_of(make_user())
    assert upload(token, key="once", title="").status_code == 400
    assert upload(token, key="once").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_creates():
    video, token = make_video(), token_of(make_user())
    path, barrier, answers = f"videos/{video.video_id}/comments/", Barrier(2), []

    def comment():
        barrier.wait()
        sent = {"text": "Once"}
        answers.append(ask("POST", path, sent, token=token, Idempotency_Key="k"))
        connection.close()

    threads = [Thread(target=comment) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert video.comments.count() == 1


def test_an_edit_changes_what_is_sent_alone():
    user, jazz = make_user(), make_category()
    video = make_video(creator=user, title="Old", description="D", categories=[jazz])
    path, token = f"videos/{video.video_id}/", token_of(user)
    tag = ask("GET", path, token=token)["ETag"]
    watch(video)  # no edit: the version stays
    edited = ask("PATCH", path, {"title": "New"}, token=token, If_Match=tag)
    assert edited.status_code == 200
    assert edited.json()["description"] == "D"
    assert edited.json()["categories"] == [jazz.slug]
    assert ask("DELETE", path, token=token, If_Match=tag).status_code == 412
    assert ask("DELETE", path, token=token, If_Match=edited["ETag"]).status_code == 204
    assert not Video.objects.exists()


def test_a_view_is_told_though_nothing_was_edited():
    video = make_video()
    path = f"videos/{video.video_id}/"
    tag = ask("GET", path)["ETag"]
    assert ask("GET", path, If_None_Match=tag).status_code == 304
    watch(video)
    assert ask("GET", path, If_None_Match=tag).json()["views"] == 1


def test_a_thumbnail_is_replaced():
    video = make_video()
    path, token = f"videos/{video.video_id}/thumbnail/", token_of(video.creator)
    shown = ask("PUT", path, files={"image": make_picture()}, token=token).json()
    assert status_of(shown["thumbnail_url"]) == 200


@pytest.fixture
def private():
    video = make_video(visibility="private")
    video.video_file.save("video", ContentFile(MP4))
    return video


def test_who_may_watch_a_private_video_gets_an_address_that_plays(private):
    path = f"videos/{private.video_id}/playback/"
    playback = ask("GET", path, user=private.creator).json()
    assert playback["expires_at"]
    played = Client().get(playback["url"], headers={"Range": "bytes=4-7"})
    assert (played.status_code, b"".join(played.streaming_content)) == (206, b"ftyp")
    assert ask("GET", path, user=make_user()).status_code == 404


def test_the_key_opens_that_video_alone_and_ages(private, monkeypatch):
    path = f"videos/{private.video_id}/playback/"
    url = ask("GET", path, user=private.creator).json()["url"]
    other = make_video(visibility="private", video_file="videos/other")
    elsewhere = url.replace(private.video_id, other.video_id)
    for address in (url + "x", url.split("?")[0], elsewhere):
        assert status_of(address) == 404
    monkeypatch.setattr(links, "LIFETIME", timedelta(seconds=-1))
    assert status_of(url) == 404


def test_what_is_public_or_elsewhere_has_a_plain_address():
    there = make_video()
    playback = ask("GET", f"videos/{there.video_id}/playback/").json()
    assert (playback["url"], playback["expires_at"]) == (there.external_url, None)
    here = make_video(video_file="videos/a", content_type="video/mp4")
    playback = ask("GET", f"videos/{here.video_id}/playback/").json()
    assert playback["url"].endswith(f"/video/{here.video_id}/file/")
    assert playback["expires_at"] is None


def test_what_is_not_ready_does_not_play():
    video = make_video(state="processing")
    path = f"videos/{video.video_id}/playback/"
    assert ask("GET", path, user=video.creator).status_code == 409


def test_a_list_asks_no_more_for_more_videos(django_assert_max_num_queries):
    user = make_user()
    token = token_of(user)
    for _ in range(12):
        watch(make_video(), user=user)
    with django_assert_max_num_queries(12):
        assert len(titles(token=token)) == 12
