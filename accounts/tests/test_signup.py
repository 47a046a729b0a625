from __future__ import annotations

import re
from smtplib import SMTPServerDisconnected

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import make_user
from interactions.models import UserCategoryInterest
from videos.tests.factories import make_category, make_parent_category

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def answers(**overrides):
    return {
        "username": "grace",
        "email": "Grace@Example.com",
        "password1": "nine lives of a cat",
    } | overrides


def link_in(mail) -> str:
    found = re.search(r"https?://testserver(/\S+)", mail.body)
    assert found, mail.body
    return found[1]


def test_sign_up_with_interests_leads_home_before_confirmation(client, mailoutbox):
    music = make_category().parent_category
    make_parent_category()
    data = answers(parent_category_interests=[music.pk])

    response = client.post(reverse("account_signup"), data)

    assert response.status_code == 302
    assert response.url == "/"
    user = User.objects.get()
    assert (user.username, user.email) == ("grace", "grace@example.com")
    assert list(user.parent_category_interests.all()) == [music]
    seeded = UserCategoryInterest.objects.filter(user=user)
    assert [row.category.parent_category for row in seeded] == [music]
    assert client.session["_auth_user_id"] == str(user.pk)
    assert not EmailAddress.objects.get(user=user).verified
    assert len(mailoutbox) == 1


def test_interests_are_optional(client):
    client.post(reverse("account_signup"), answers())
    assert not User.objects.get().parent_category_interests.exists()


def test_page_offers_every_parent_category(client):
    parent = make_parent_category(name="Gardening", icon="🌱")
    text = client.get(reverse("account_signup")).text
    assert "Gardening" in text
    assert "🌱" in text
    assert f'value="{parent.pk}"' in text


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("username", "ab", "at least 3"),
        ("username", "a" * 31, "at most 30"),
        ("username", "a/b", "Use letters"),
        ("username", "a b c", "Use letters"),
        ("username", "..", "at least 3"),
        ("username", "...", "Use letters"),
        ("username", "\N{CYRILLIC SMALL LETTER A}dmin", "Use letters"),
        ("username", "bob\n<b>", "Use letters"),
        ("username", "bob\0x", "Null characters"),
        ("username", "Support", "can not be used"),
        ("username", "ADA", "already exists"),
        ("email", "nonsense", "valid email"),
        ("email", "ADA@example.COM", "already registered"),
        ("password1", "12345678", "too common"),
        ("password1", "grace", "too short"),
        ("parent_category_interests", ["9999"], "Select a valid choice"),
        ("parent_category_interests", ["x"], "not a valid value"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(client, field, value, message):
    make_user(username="Ada", email="ada@example.com")
    response = client.post(reverse("account_signup"), answers(**{field: value}))
    assert response.status_code == 200
    assert message in str(response.context["form"].errors[field])
    assert "nine lives" not in response.text
    assert User.objects.count() == 1


def test_two_at_the_same_moment(client, monkeypatch):
    """Both passed validation; the database decides, and the second is told."""
    make_user(username="Grace")
    monkeypatch.setattr(
        "accounts.forms.SignupForm.clean_username", lambda form: "grace"
    )
    response = client.post(reverse("account_signup"), answers(), follow=True)
    assert response.redirect_chain[-1][0] == reverse("account_signup")
    assert "was just taken" in response.text
    assert User.objects.count() == 1


def test_database_refuses_another_case():
    make_user(username="Ada", email="ada@example.com")
    for clash in [{"username": "aDa"}, {"email": "ADA@example.com"}]:
        other = User.objects.filter(pk=make_user().pk)
        with pytest.raises(IntegrityError), transaction.atomic():
            other.update(**clash)
    make_user(email="")
    make_user(email="")  # no address is no clash


def test_members_are_led_home(client):
    client.force_login(make_user())
    assert client.get(reverse("account_signup")).status_code == 302
    response = client.get(reverse("signup_dialog"), headers=HTMX)
    assert response.headers["HX-Redirect"] == "/"


def test_dialog_is_a_fragment(client):
    make_parent_category(name="Gardening")
    text = client.get(reverse("signup_dialog"), headers=HTMX).text
    assert "<html" not in text
    assert 'id="dialog-title"' in text
    assert "Gardening" in text


def test_dialog_without_htmx_is_the_page(client):
    response = client.get(reverse("signup_dialog"))
    assert response.url == reverse("account_signup")


def test_dialog_shows_errors_in_place(client):
    make_user(username="grace")
    response = client.post(reverse("signup_dialog"), answers(), headers=HTMX)
    assert response.status_code == 200
    assert "HX-Redirect" not in response.headers
    assert "<html" not in response.text
    assert "already exists" in response.text


def test_dialog_ends_at_home(client):
    parent = make_parent_category()
    data = answers(parent_category_interests=[parent.pk])
    response = client.post(reverse("signup_dialog"), data, headers=HTMX)
    assert response.status_code == 200
    assert response.headers["HX-Redirect"] == "/"
    assert User.objects.get().parent_category_interests.get() == parent
    assert "_auth_user_id" in client.session


def test_a_mail_server_that_fails_does_not_stop_the_sign_up(
    client, monkeypatch, caplog
):
    def refuse(*args, **kwargs):
        raise SMTPServerDisconnected("gone")

    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)
    client.post(reverse("account_signup"), answers())
    assert "_auth_user_id" in client.session
    assert "could not send" in client.get(reverse("settings")).text
    assert "Sending an e-mail failed" in caplog.text


def test_sign_ups_are_limited(client):
    for _ in range(20):
        client.post(reverse("account_signup"), {})
    response = client.post(reverse("account_signup"), answers())
    assert response.status_code == 429
    assert "Wait a few minutes" in response.text
    assert not User.objects.exists()


def test_confirmation_through_the_link(client, mailoutbox):
    client.post(reverse("account_signup"), answers())
    notice = "open the link we sent to grace@example.com"
    assert notice in client.get(reverse("settings")).text
    link = link_in(mailoutbox[0])

    page = client.get(link)
    assert "grace@example.com" in page.text
    assert not EmailAddress.objects.get().verified  # scanners of mail open links too
    client.post(link)

    assert EmailAddress.objects.get().verified
    assert notice not in client.get(reverse("settings")).text


def test_confirmation_can_be_sent_again_after_a_while(client, mailoutbox, settings):
    settings.ACCOUNT_EMAIL_CONFIRMATION_COOLDOWN = 0
    client.post(reverse("account_signup"), answers())
    data = {"email": "grace@example.com", "action_send": ""}
    client.post(reverse("account_email"), data)
    assert len(mailoutbox) == 2
    client.post(link_in(mailoutbox[1]))
    assert EmailAddress.objects.get().verified


def test_a_broken_link_says_so(client):
    response = client.get(reverse("account_confirm_email", args=["nonsense"]))
    assert response.status_code == 200
    assert "This link does not work" in response.text
