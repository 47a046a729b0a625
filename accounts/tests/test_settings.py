from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.services import set_interests
from accounts.tests.factories import make_user
from accounts.tests.pictures import make_picture, png_claiming
from interactions.models import Follow, UserCategoryInterest
from interactions.services import like, record_watch
from videos.models import Video
from videos.tests.factories import make_category, make_parent_category, make_video

pytestmark = pytest.mark.django_db
PAGES = ["settings", "interests", "privacy", "account", "account_export"]


def profile(**overrides):
    return {"name": "", "bio": "", "website": "", "location": ""} | overrides


def files() -> set[str]:
    root = Path(django_settings.MEDIA_ROOT)
    return {str(file.relative_to(root)) for file in root.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", [*PAGES, "account_delete"])
def test_guests_are_asked_to_log_in(client, name):
    for method in (client.get, client.post):
        response = method(reverse(name))
        assert response.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("name", PAGES)
def test_members_see_their_own(client, name):
    client.force_login(make_user(username="ada"))
    make_user(username="eve")
    response = client.get(reverse(name))
    assert response.status_code == 200
    assert "ada" in response.text
    assert "eve" not in response.text


def test_profile_is_saved(client):
    user = make_user(first_name="Ada", last_name="Byron")
    client.force_login(user)
    data = profile(
        name="Countess",
        bio="Poetical\nscience",
        website="example.com",
        location="Ockham",
    )
    response = client.post(reverse("settings"), data)
    assert response.url == reverse("settings")
    user.refresh_from_db()
    assert user.display_name == "Countess"
    assert user.bio == "Poetical\nscience"
    assert user.website == "https://example.com"
    assert user.location == "Ockham"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("website", "javascript:alert(1)"),
        ("website", "ftp://example.com/"),
        ("website", "https://" + "a" * 300 + ".com"),
        ("bio", "x" * 1001),
        ("location", "x" * 101),
        ("name", "x" * 151),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(client, field, value):
    user = make_user()
    client.force_login(user)
    response = client.post(reverse("settings"), profile(**{field: value}))
    assert field in response.context["form"].errors
    before = User.objects.get(pk=user.pk)
    assert (before.website, before.bio, before.location) == ("", "", "")


def test_nobody_gives_themselves_a_badge(client):
    user = make_user()
    client.force_login(user)
    client.post(
        reverse("settings"),
        profile(verified="on", role="moderator", is_staff="on", username="root"),
    )
    after = User.objects.get(pk=user.pk)
    assert not after.verified
    assert not after.is_staff
    assert (after.role, after.username) == ("viewer", user.username)


def test_pictures_are_stored_and_old_ones_go(
    client, django_capture_on_commit_callbacks
):
    user = make_user()
    client.force_login(user)
    first = profile(
        profile_picture=make_picture(name="../../../etc/passwd"),
        banner_image=make_picture((3000, 1000), image_format="PNG", name="a" * 300),
    )
    client.post(reverse("settings"), first)
    user.refresh_from_db()
    picture, banner = str(user.profile_picture), str(user.banner_image)
    assert files() == {picture, banner}
    assert picture.startswith("public/profile/")
    assert banner.startswith("public/banner/")

    with django_capture_on_commit_callbacks() as callbacks:
        second = profile(
            **{"profile_picture": make_picture(), "banner_image-clear": "on"}
        )
        client.post(reverse("settings"), second)
    user.refresh_from_db()
    assert {picture, banner} < files()  # until the new state is committed
    for callback in callbacks:
        callback()
    assert files() == {user.profile_picture.name}
    assert not user.banner_image


@pytest.mark.parametrize(
    "hostile",
    [
        SimpleUploadedFile("a.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        SimpleUploadedFile("a.png", make_picture(image_format="PNG").read()[:60]),
        SimpleUploadedFile("a.jpg", b""),
        png_claiming(60_000, 60_000),
    ],
    ids=["svg", "half", "empty", "bomb"],
)
def test_a_bad_picture_is_a_form_error_and_leaves_nothing(client, hostile):
    user = make_user()
    client.force_login(user)
    response = client.post(reverse("settings"), profile(profile_picture=hostile))
    assert response.status_code == 200
    assert "profile_picture" in response.context["form"].errors
    assert "picture.jpg" not in response.text
    assert files() == set()


def test_interests_follow_the_last_choice(client):
    music, sport = make_category(), make_category()
    user = make_user()
    client.force_login(user)
    for chosen in (music, sport):
        data = {"parent_category_interests": [chosen.parent_category.pk]}
        response = client.post(reverse("interests"), data)
        assert response.url == reverse("interests")
        assert user.parent_category_interests.get() == chosen.parent_category
        assert UserCategoryInterest.objects.get(user=user).category == chosen
    client.post(reverse("interests"), {})
    assert not user.parent_category_interests.exists()
    assert not UserCategoryInterest.objects.filter(user=user).exists()


def test_unknown_interests_change_nothing(client):
    user = make_user()
    parent = make_parent_category()
    set_interests(user=user, parent_categories=[parent])
    client.force_login(user)
    data = {"parent_category_interests": ["99999"]}
    response = client.post(reverse("interests"), data)
    assert "Select a valid choice" in response.text
    assert user.parent_category_interests.get() == parent


def test_interests_and_what_follows_them_are_stored_together(monkeypatch):
    def fail(user):
        raise RuntimeError

    user, parent = make_user(), make_parent_category()
    monkeypatch.setattr("interactions.services.seed_interests", fail)
    with pytest.raises(RuntimeError):
        set_interests(user=user, parent_categories=[parent])
    assert not user.parent_category_interests.exists()


@pytest.mark.parametrize("name", ["record_history", "share_likes"])
def test_each_choice_of_privacy_is_a_switch(client, name):
    user = make_user()
    client.force_login(user)
    for data, expected in [({}, False), ({name: "on"}, True)]:
        client.post(reverse("privacy"), data)
        user.refresh_from_db()
        assert getattr(user, name) is expected


def test_likes_are_nobody_elses_until_shared():
    assert make_user().share_likes is False


def test_export_holds_what_is_theirs_and_no_secret(client):
    user, other = make_user(bio="Hello"), make_user()
    video = make_video(creator=user, title="Mine")
    make_video(creator=other, title="Theirs")
    Follow.objects.create(follower=user, followee=other)
    client.force_login(user)

    response = client.get(reverse("account_export"))

    assert "attachment" in response.headers["Content-Disposition"]
    data = json.loads(response.content)
    assert data["account"]["bio"] == "Hello"
    assert "password" not in data["account"]
    assert [row["video_id"] for row in data["videos"]] == [video.video_id]
    assert [row["followee_id"] for row in data["following"]] == [other.pk]
    assert "Theirs" not in response.text


def test_deletion_takes_everything_along(client, django_capture_on_commit_callbacks):
    user = make_user()
    user.profile_picture.save("a.jpg", make_picture())
    make_video(creator=user, thumbnail=make_picture(), video_file=make_picture())
    kept = make_video()
    like(user=user, video=kept)
    record_watch(
        user=user,
        video=kept,
        session_id=uuid4(),
        fraction=0.9,
        seconds=54,
        at=timezone.now(),
    )
    kept.refresh_from_db()
    assert (kept.likes, kept.views) == (1, 1)
    client.force_login(user)
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(reverse("account_delete"), {"password": "correct horse"})
    assert response.url == "/"
    assert "_auth_user_id" not in client.session
    assert not User.objects.filter(pk=user.pk).exists()
    assert list(Video.objects.all()) == [kept]
    kept.refresh_from_db()
    assert (kept.likes, kept.views, kept.engagement) == (0, 1, 0)
    assert files() == set()


def test_deletion_needs_the_password(client):
    user = make_user()
    client.force_login(user)
    for password in ["", "wrong"]:
        response = client.post(reverse("account_delete"), {"password": password})
        assert "password" in response.context["form"].errors
    assert client.get(reverse("account_delete")).url == reverse("account")
    assert User.objects.filter(pk=user.pk).exists()


def test_guessing_the_password_there_is_limited(client):
    user = make_user()
    client.force_login(user)
    url = reverse("account_delete")
    for _ in range(10):
        client.post(url, {"password": "wrong"})
    assert client.post(url, {"password": "correct horse"}).status_code == 429
    assert User.objects.filter(pk=user.pk).exists()


def test_the_last_administrator_stays(client):
    admin = make_user(is_superuser=True, is_staff=True)
    client.force_login(admin)
    data = {"password": "correct horse"}
    response = client.post(reverse("account_delete"), data)
    assert "only administrator" in response.text
    make_user(is_superuser=True)
    assert client.post(reverse("account_delete"), data).status_code == 302


def test_queries_are_bounded(client, django_assert_max_num_queries):
    client.force_login(make_user())
    for _ in range(20):
        make_category()
    with django_assert_max_num_queries(6):
        client.get(reverse("interests"))
