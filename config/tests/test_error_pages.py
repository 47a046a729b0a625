"""Requests that no view takes: each gets a page or a problem, and none is blank."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import make_user
from interactions.tests.factories import make_comment
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(client: Client) -> Client:
    cache.clear()
    client.force_login(make_user())
    return client


def test_an_address_of_a_form_leads_to_its_page(member):
    video = make_video()
    comment = make_comment(video=video)
    watch = video.get_absolute_url()
    for name, arguments, page in [
        ("account_delete", [], reverse("account")),
        ("pick_mood", [], reverse("home")),
        ("history_remove", [], reverse("history")),
        ("history_record", [], reverse("history")),
        ("like", [video.video_id], watch),
        ("not_interested", [video.video_id], watch),
        ("comment_delete", [comment.pk], watch),
        ("follow", [video.creator.username], video.creator.get_absolute_url()),
    ]:
        response = member.get(reverse(name, args=arguments))
        assert (response.status_code, response["Location"]) == (302, page), name
        assert member.put(reverse(name, args=arguments)).status_code == 405


def test_a_comment_does_not_tell_of_a_private_video(member):
    comment = make_comment(video=make_video(visibility="private"))
    assert member.get(reverse("comment_delete", args=[comment.pk])).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "/search/"), ("get", "/admin/logout/"), ("delete", "/settings/")],
)
def test_another_method_gets_a_page(client, method, path):
    client.force_login(make_user(is_staff=True))
    response = getattr(client, method)(path)
    assert response.status_code == 405
    assert response["Allow"]
    assert "This address cannot be opened" in response.text
    assert response.templates[0].name == "error.html"


def test_a_bad_cursor_gets_a_page(member):
    response = member.get(reverse("history"), {"after": "x"})
    assert response.status_code == 400
    assert "This request cannot be read" in response.text


def test_a_form_that_is_too_large_gets_a_page(member, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    form = {"first_name": "x" * 1001}
    for content in (
        {},
        {"content_type": "application/x-www-form-urlencoded", "data": "a=" + "x" * 999},
    ):
        response = member.post(reverse("settings"), **({"data": form} | content))
        assert response.status_code == 413
        assert "This is too large" in response.text


def test_json_that_is_too_large_is_a_problem(member, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = member.patch(
        "/api/v1/me/", '{"bio": "%s"}' % ("x" * 1000), content_type="application/json"
    )
    assert response.status_code == 413
    assert response.json()["detail"] == "The body is too large."


@pytest.mark.parametrize("path", ["/upload/", "/api/v1/videos/"])
def test_a_body_of_unknown_length_is_no_empty_form(member, path):
    """As `runserver` and other servers hand it over: without CONTENT_LENGTH."""
    response = member.generic(
        "POST", path, HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH=""
    )
    assert response.status_code == 411
    assert "Content-Length" in response.content.decode()


@pytest.mark.parametrize("length", ["-1", "x", "²", "9" * 5000])
def test_a_length_that_is_no_number(client, length):
    response = client.generic("POST", "/accounts/login/", CONTENT_LENGTH=length)
    assert response.status_code == 400


def test_a_cookie_with_nul_is_ignored(client):
    # Quoted cookies may hold any octet.
    client.cookies.load(
        'sessionid="\\000\\000\\000\\000\\000\\000\\000\\000"; theme=dark'
    )
    response = client.get(
        "/",
        headers={
            "Cookie": 'sessionid="\\000\\000\\000\\000\\000\\000\\000\\000"; theme=dark'
        },
    )
    assert response.status_code == 200
    assert 'data-theme="dark"' in response.text


def test_a_header_with_nul_is_refused(client):
    headers = {"Authorization": "Bearer a\0bcdefghi"}
    assert client.get("/api/v1/me/", headers=headers).status_code == 400


@pytest.mark.parametrize("encoded", [{}, {"HX-Current-URL-URI-AutoEncoded": "true"}])
@pytest.mark.parametrize("address", ["http://[", "http%3A//%5B"])
def test_an_address_of_the_page_that_is_none_is_ignored(client, address, encoded):
    headers = {"HX-Request": "true", "HX-Current-URL": address} | encoded
    video = make_video()
    response = client.post(reverse("like", args=[video.video_id]), headers=headers)
    assert response.headers["HX-Redirect"].startswith(reverse("account_login"))


@pytest.mark.parametrize("path", ["docs", "schema"])
def test_the_documentation_takes_every_method(client, path):
    for method in ("get", "head", "options", "post", "delete"):
        response = getattr(client, method)(f"/api/v1/{path}/")
        assert response.status_code in (200, 403, 405), method
