"""Getting in by the API, with one factor and with two, and out again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.core.cache import cache

from accounts.models import User
from accounts.tests.api import ask, token_of
from accounts.tests.factories import make_user
from videos.tests.factories import make_category

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> None:
    cache.clear()


def log_in(login: str, password: str = PASSWORD) -> Any:
    return ask("POST", "auth/login/", {"login": login, "password": password})


def code(secret: str) -> str:
    """What an authenticator app shows at this moment."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_sign_up_makes_an_account_with_interests_and_logs_in():
    category = make_category()
    account = {
        "username": "newcomer",
        "email": "New@example.com",
        "password": "horse 9 staple",
        "interests": [category.parent_category.slug],
        "mood": "calm",
    }
    answer = ask("POST", "auth/signup/", account)
    assert answer.status_code == 201
    user = User.objects.get(username="newcomer")
    assert user.email == "new@example.com"
    assert user.mood == "calm"
    assert user.check_password("horse 9 staple")
    seeded = user.category_interests.values_list("category", flat=True)
    assert list(seeded) == [category.pk]
    me = ask("GET", "me/", token=answer.json()["token"]).json()
    assert me["username"] == "newcomer"
    assert me["interests"] == account["interests"]
    assert mail.outbox[0].to == ["new@example.com"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"username": "taken"}, "username"),
        ({"username": "Admin"}, "username"),
        ({"username": "-dash"}, "username"),
        ({"email": "TAKEN@example.com"}, "email"),
        ({"password": "12345678"}, "password"),
        ({"interests": ["nothing"]}, "interests"),
        ({"mood": "purple"}, "mood"),
    ],
)
def test_sign_up_says_what_is_wrong_and_makes_nothing(changed, field):
    make_user(username="taken", email="taken@example.com")
    account = {
        "username": "newcomer",
        "email": "a@example.com",
        "password": "horse 9 s",
    }
    answer = ask("POST", "auth/signup/", account | changed)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert list(answer.json()["errors"]) == [field]
    assert User.objects.count() == 1


def test_log_in_by_name_and_by_address_and_out():
    user = make_user()
    for login in (user.username.upper(), user.email):
        token = log_in(login).json()["token"]
        assert ask("GET", "me/", token=token).status_code == 200
    assert ask("DELETE", "auth/session/", token=token).status_code == 204
    ended = ask("GET", "categories/", token=token)
    assert ended.status_code == 401
    assert ended["WWW-Authenticate"] == "Bearer"


def test_a_wrong_password_and_a_closed_account_stay_out():
    user = make_user()
    assert log_in(user.username, "wrong").status_code == 400
    token = token_of(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert log_in(user.username).status_code in (400, 401)
    assert ask("GET", "me/", token=token).status_code == 401


def test_guessing_is_slowed_down():
    user = make_user()
    answers = [log_in(user.username, "wrong") for _ in range(35)]
    refused = next(each for each in answers if each.status_code == 429)
    assert refused.json()["status"] == 429
    assert 0 < int(refused["Retry-After"]) <= 60


def test_a_session_is_ended_from_another_one_and_by_nobody_else():
    user, stranger = make_user(), make_user()
    phone, tablet = log_in(user.username).json()["token"], token_of(user)
    listed = ask("GET", "auth/sessions/", token=tablet).json()
    assert [each["is_current"] for each in listed].count(True) == 1
    path = next(
        f"auth/sessions/{each['id']}/" for each in listed if not each["is_current"]
    )
    assert ask("DELETE", path, user=stranger).status_code == 404
    assert ask("GET", "me/", token=phone).status_code == 200
    assert ask("DELETE", path, token=tablet).status_code == 204
    assert ask("GET", "me/", token=phone).status_code == 401


def test_a_new_password_ends_the_other_sessions():
    user = make_user()
    phone, tablet = token_of(user), token_of(user)
    wrong = {"current_password": "wrong", "new_password": "horse 9 staple"}
    assert ask("POST", "auth/password/", wrong, token=phone).status_code == 400
    right = wrong | {"current_password": PASSWORD}
    token = ask("POST", "auth/password/", right, token=phone).json()["token"]
    assert ask("GET", "me/", token=token).status_code == 200
    assert ask("GET", "me/", token=tablet).status_code == 401
    assert log_in(user.username, "horse 9 staple").status_code == 200


def test_a_forgotten_password_is_set_by_the_link_of_an_e_mail():
    user = make_user()
    for email in (user.email, "nobody@example.com"):
        answer = ask("POST", "auth/password/reset/", {"email": email})
        assert answer.status_code == 202
    body = next(each.body for each in mail.outbox if each.to == [user.email])
    key = re.search(r"/key/([^/\s]+)/", body)[1]
    new = {"key": key, "password": "horse 9 staple"}
    assert ask("POST", "auth/password/reset/key/", new).status_code == 204
    assert log_in(user.username, "horse 9 staple").status_code == 200
    assert ask("POST", "auth/password/reset/key/", new).status_code == 400


@pytest.mark.parametrize("key", ["-", "-abc", "abc-", "abc", " - ", "abc-abc"])
def test_a_key_that_no_link_has_is_refused(db, key):
    new = {"key": key, "password": "another-password-1"}
    answer = ask("POST", "auth/password/reset/key/", new)
    assert answer.status_code == 400
    assert "key" in answer.json()["errors"]


def test_another_address_counts_once_it_is_confirmed():
    user = make_user()
    EmailAddress.objects.create(
        user=user, email=user.email, primary=True, verified=True
    )
    token = token_of(user)
    new = {"email": "moved@example.com"}
    asked = ask("POST", "auth/email/", new, token=token)
    assert (asked.status_code, asked.json()["flow"]) == (401, "reauthenticate")
    ask("POST", "auth/reauthentication/", {"password": PASSWORD}, token=token)
    assert ask("POST", "auth/email/", new, token=token).status_code == 200
    assert ask("GET", "me/", token=token).json()["email"] == user.email
    body = next(each.body for each in mail.outbox if each.to == ["moved@example.com"])
    key = re.search(r"/confirm-email/([^/\s]+)/", body)[1]
    done = ask("POST", "auth/email/verification/", {"key": key}, token=token)
    assert done.status_code == 204
    assert ask("GET", "me/", token=token).json()["email"] == "moved@example.com"


def test_two_factors():
    user = make_user()
    EmailAddress.objects.create(
        user=user, email=user.email, primary=True, verified=True
    )
    token = token_of(user)
    path = "auth/authenticators/totp/"
    secret = ask("GET", path, token=token).json()["secret"]
    asked = ask("POST", path, {"code": code(secret)}, token=token)
    assert (asked.status_code, asked.json()["flow"]) == (401, "reauthenticate")
    again = ask("POST", "auth/reauthentication/", {"password": PASSWORD}, token=token)
    assert again.status_code == 204
    begun = ask("POST", path, {"code": code(secret)}, token=token)
    assert begun.status_code == 201
    recovery = begun.json()["unused_codes"]
    assert ask("GET", path, token=token).json() == {"active": True}

    pending = log_in(user.username)
    assert (pending.status_code, pending.json()["flow"]) == (401, "mfa_authenticate")
    half = pending.json()["token"]
    assert ask("GET", "me/", token=half).status_code == 401
    wrong = ask("POST", "auth/login/code/", {"code": "1"}, token=half)
    assert wrong.status_code == 400
    answer = ask("POST", "auth/login/code/", {"code": recovery[0]}, token=half)
    assert ask("GET", "me/", token=answer.json()["token"]).status_code == 200

    left = ask("GET", "auth/authenticators/recovery-codes/", token=token).json()
    assert left["unused_codes"] == recovery[1:]
    assert ask("DELETE", path, token=token).status_code == 204
    assert log_in(user.username).status_code == 200
