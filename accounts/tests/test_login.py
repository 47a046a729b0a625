from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from accounts.tests.factories import make_user
from accounts.tests.test_signup import link_in

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"


def log_in(client, login: str, password: str = PASSWORD, **more):
    data = {"login": login, "password": password} | more
    return client.post(reverse("account_login"), data)


@pytest.mark.parametrize(
    "login", ["Ada", "ada", "ADA", "ada@example.com", "ADA@EXAMPLE.com"]
)
def test_by_username_or_email_whatever_the_case(client, login):
    user = make_user(username="Ada", email="ada@example.com")
    response = log_in(client, login)
    assert response.url == "/"
    assert client.session["_auth_user_id"] == str(user.pk)


def test_back_to_where_one_was(client):
    make_user(username="ada")
    assert log_in(client, "ada", next="/settings/").url == "/settings/"


def test_not_to_another_site(client):
    make_user(username="ada")
    assert log_in(client, "ada", next="https://evil.example/").url == "/"


@pytest.mark.parametrize("login", ["ada", "nobody"])
def test_a_wrong_password_and_nobody_look_alike(client, login):
    make_user(username="ada")
    response = log_in(client, login, "wrong")
    assert response.status_code == 200
    assert response.context["form"].non_field_errors() == [
        "The username and/or password you specified are not correct."
    ]
    assert "_auth_user_id" not in client.session


def test_guessing_is_limited(client):
    make_user(username="ada")
    for _ in range(5):
        log_in(client, "ada", "wrong")
    assert "Too many failed" in log_in(client, "ada").text


def test_the_inactive_do_not_get_in(client):
    make_user(username="ada", is_active=False)
    log_in(client, "ada")
    assert "_auth_user_id" not in client.session


def test_log_out_by_post_alone(client):
    client.force_login(make_user())
    assert "Log out?" in client.get(reverse("account_logout")).text
    assert "_auth_user_id" in client.session
    assert client.post(reverse("account_logout")).url == "/"
    assert "_auth_user_id" not in client.session


def test_password_reset_through_the_link(client, mailoutbox):
    user = make_user(email="ada@example.com")
    client.post(reverse("account_reset_password"), {"email": "ADA@example.com"})

    page = client.get(link_in(mailoutbox[0]), follow=True)
    assert "Choose a new password" in page.text
    new = "seven sleepy dogs"
    client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})

    user.refresh_from_db()
    assert user.check_password(new)
    assert "_auth_user_id" in client.session
    used = client.get(link_in(mailoutbox[0]), follow=True)
    assert "This link no longer works" in used.text


def test_password_reset_does_not_tell_who_is_known(client, mailoutbox):
    make_user(email="ada@example.com")
    pages = []
    for email in ["ada@example.com", "nobody@example.com"]:
        url = reverse("account_reset_password")
        pages.append(client.post(url, {"email": email}, follow=True))
    assert pages[0].redirect_chain == pages[1].redirect_chain
    assert pages[0].context["request"].path == reverse("account_reset_password_done")
    assert [mail.to for mail in mailoutbox] == [
        ["ada@example.com"],
        ["nobody@example.com"],
    ]
    assert "do not have any record" in mailoutbox[1].body


def test_a_new_address_takes_the_password_and_a_confirmation(client, mailoutbox):
    user = make_user(email="old@example.com")
    EmailAddress.objects.create(
        user=user, email="old@example.com", primary=True, verified=True
    )
    client.force_login(user)
    data = {"email": "new@example.com", "action_add": ""}

    asked = client.post(reverse("account_email"), data)
    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert "Confirm it is you" in client.get(asked.url).text
    assert mailoutbox == []
    client.post(asked.url, {"password": PASSWORD})  # goes on with what was asked for

    user.refresh_from_db()
    assert user.email == "old@example.com"
    assert "new@example.com" in client.get(reverse("account_email")).text
    assert [mail.to for mail in mailoutbox] == [["new@example.com"]]
    client.post(link_in(mailoutbox[0]))
    user.refresh_from_db()
    assert user.email == "new@example.com"


def test_password_change(client):
    user = make_user(username="ada")
    log_in(client, "ada")
    new = "seven sleepy dogs"
    data = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    client.post(reverse("account_change_password"), data)
    user.refresh_from_db()
    assert user.check_password(new)
    assert "_auth_user_id" in client.session


@pytest.mark.parametrize(
    "name",
    [
        *("account_login", "account_signup", "account_reset_password"),
        *("account_reset_password_done", "account_inactive"),
        *("account_reset_password_from_key_done", "account_email_verification_sent"),
    ],
)
def test_every_page_is_in_the_sites_frame(client, name):
    text = client.get(reverse(name)).text
    assert 'class="auth' in text
    assert 'class="topbar"' in text


@pytest.mark.parametrize(
    "name", ["account_email", "account_change_password", "account_logout"]
)
def test_every_page_for_members_is_in_the_sites_frame(client, name):
    url = reverse(name)
    assert client.get(url).status_code == 302
    client.force_login(make_user())
    assert 'class="topbar"' in client.get(url).text


def test_without_a_mail_server_the_page_says_where_mail_goes(client, settings):
    url = reverse("account_reset_password_done")
    settings.LOCAL, settings.EMAIL_HOST = True, ""
    text = client.get(url).text
    assert "This site cannot send e-mail yet." in text
    assert "var/mail" not in text  # not for everyone
    client.force_login(make_user(is_staff=True))
    assert "var/mail" in client.get(url).text
    settings.EMAIL_HOST = "smtp.example.com"
    assert "var/mail" not in client.get(url).text


@pytest.mark.parametrize("page", ["account_login", "account_signup"])
def test_a_return_address_that_is_none_is_ignored(client, page):
    address = reverse(page)
    assert client.get(address, {"next": "http://["}).status_code == 200
    assert client.post(address, {"next": "http://["}).status_code == 200
