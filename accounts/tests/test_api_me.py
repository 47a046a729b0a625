"""One's own account by the API: changed, exported, deleted; ETags, problems, limits."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.tests.api import ask, status_of, token_of
from accounts.tests.factories import make_user
from accounts.tests.pictures import make_picture
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> None:
    cache.clear()


def test_a_change_is_of_what_is_sent_alone():
    token = token_of(make_user(first_name="Ann", last_name="Lee", bio="Hello"))
    changed = ask("PATCH", "me/", {"location": "Oslo"}, token=token)
    assert changed.status_code == 200
    me = changed.json()
    assert (me["name"], me["bio"], me["location"]) == ("Ann Lee", "Hello", "Oslo")
    assert ask("PATCH", "me/", {"name": "Bea"}, token=token).json()["name"] == "Bea"
    private = ask("PATCH", "me/", {"record_history": False}, token=token).json()
    assert private["record_history"] is False


def test_what_is_not_ones_own_to_say_stays():
    user = make_user()
    sent = {"username": "other", "email": "x@example.com", "verified": True}
    ask("PATCH", "me/", sent | {"role": "moderator"}, user=user)
    stored = User.objects.get(pk=user.pk)
    assert (stored.username, stored.email) == (user.username, user.email)
    assert (stored.verified, stored.role) == (False, "viewer")


def test_nobodys_change_is_overwritten():
    token = token_of(make_user())
    tag = ask("GET", "me/", token=token)["ETag"]
    mine = ask("PATCH", "me/", {"bio": "Mine"}, token=token, If_Match=tag)
    assert mine.status_code == 200
    theirs = ask("PATCH", "me/", {"bio": "Theirs"}, token=token, If_Match=tag)
    assert theirs.status_code == 412
    assert theirs["Content-Type"] == "application/problem+json"
    assert ask("GET", "me/", token=token).json()["bio"] == "Mine"
    later = ask("PATCH", "me/", {"bio": "Ours"}, token=token, If_Match=mine["ETag"])
    assert later.status_code == 200


def test_what_has_not_changed_is_not_sent_again():
    user = make_user()
    path = f"users/{user.username}/"
    tag = ask("GET", path)["ETag"]
    same = ask("GET", path, If_None_Match=tag)
    assert (same.status_code, same.content) == (304, b"")
    make_video(creator=user)
    assert ask("GET", path, If_None_Match=tag).status_code == 200


def test_pictures_come_and_go():
    token = token_of(make_user())
    put = ask("PUT", "me/picture/", files={"image": make_picture()}, token=token)
    url = put.json()["picture_url"]
    assert status_of(url) == 200
    assert ask("DELETE", "me/picture/", token=token).status_code == 204
    assert ask("GET", "me/", token=token).json()["picture_url"] is None
    broken = ask("PUT", "me/banner/", files={"image": b"no picture"}, token=token)
    assert broken.status_code == 400


def test_interests_replace_one_another():
    user, one, two = make_user(), make_category(), make_category()
    for category in (one, two):
        wanted = {"interests": [category.parent_category.slug]}
        assert ask("PUT", "me/interests/", wanted, user=user).json() == wanted
    chosen = user.parent_category_interests.values_list("slug", flat=True)
    assert list(chosen) == [two.parent_category.slug]


def test_a_mood_is_picked_and_given_up():
    user = make_user()
    for mood in ("calm", ""):
        assert ask("PUT", "me/mood/", {"mood": mood}, user=user).json() == {
            "mood": mood
        }
        assert ask("GET", "me/mood/", user=user).json() == {"mood": mood}
        user.refresh_from_db()
        assert bool(user.mood_at) == bool(mood)
    refused = ask("PUT", "me/mood/", {"mood": "purple"}, user=user)
    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == ["mood"]


def test_an_account_goes_with_its_password_alone():
    user, other = make_user(), make_user()
    token, video = token_of(user), make_video(creator=user)
    exported = ask("GET", "me/export/", token=token).json()
    assert exported["account"]["username"] == user.username
    assert exported["videos"][0]["title"] == video.title
    assert "password" not in exported["account"]
    wrong = ask("POST", "me/deletion/", {"password": "wrong"}, token=token)
    assert wrong.status_code == 400
    right = ask("POST", "me/deletion/", {"password": "correct horse"}, token=token)
    assert right.status_code == 204
    assert list(User.objects.all()) == [other]
    assert ask("GET", "me/", token=token).status_code == 401


def test_problems_have_one_form_wherever_they_come_from():
    token = token_of(make_user())
    for answer, status in (
        (ask("GET", "nowhere/"), 404),
        (ask("GET", "users/nobody/"), 404),
        (ask("GET", "me/"), 401),
        (ask("PUT", "me/", {}, token=token), 405),
        (ask("POST", "auth/login/", {"login": "x", "password": "y"}), 400),
        (ask("PATCH", "me/", ["not", "an", "object"], token=token), 400),
        (ask("PUT", "me/interests/", {"interests": 7}, token=token), 400),
    ):
        assert answer["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert answer.status_code == problem["status"] == status
        assert problem["type"] == "about:blank"
        assert problem["title"]
        assert problem["detail"]


def test_too_many_requests_are_told_how_long_to_wait(monkeypatch):
    from rest_framework.throttling import AnonRateThrottle

    monkeypatch.setattr(AnonRateThrottle, "THROTTLE_RATES", {"anon": "2/min"})
    answers = [ask("GET", "categories/") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    assert answers[2].json()["status"] == 429


def test_other_origins_are_let_in_by_name_alone(settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    known = ask("GET", "categories/", Origin="https://app.example")
    assert known["Access-Control-Allow-Origin"] == "https://app.example"
    assert "ETag" in known["Access-Control-Expose-Headers"]
    stranger = ask("GET", "categories/", Origin="https://evil.example")
    assert "Access-Control-Allow-Origin" not in stranger
    page = Client().get("/", headers={"Origin": "https://app.example"})
    assert "Access-Control-Allow-Origin" not in page


def test_the_docs_are_served_by_ourselves():
    client = Client()
    assert client.get("/docs/")["Location"] == "/api/v1/docs/"
    page = client.get("/api/v1/docs/").content.decode()
    assert "/static/drf_spectacular_sidecar/" in page
    assert "cdn" not in page
    assert client.get("/api/v1/schema/").status_code == 200
