"""What a request of the API asks of the database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from accounts import services
from accounts.models import User
from accounts.tests.api import ask
from accounts.tests.factories import make_user

pytestmark = pytest.mark.django_db
ME = "/api/v1/me/"


def test_the_limit_of_a_person_holds(client: Client, monkeypatch):
    monkeypatch.setattr(
        "rest.throttles.PersonThrottle.THROTTLE_RATES", {"user": "2/min"}
    )
    client.force_login(make_user())
    assert [client.get(ME).status_code for _ in range(3)] == [200, 200, 429]
    client.force_login(make_user())
    assert client.get(ME).status_code == 200


def new_token(user: User) -> str:
    cache.clear()
    body = {"login": user.username, "password": "correct horse"}
    token: str = ask("POST", "auth/login/", body).json()["token"]
    return token


def test_a_token_is_looked_up_together_with_its_person(django_assert_num_queries):
    token = new_token(make_user())
    with django_assert_num_queries(2) as queries:  # that, and the interests
        assert ask("GET", "me/", token=token).status_code == 200
    assert not any('"cache"' in query["sql"] for query in queries)


def suspend(user: User) -> None:
    services.set_active(users=User.objects.filter(pk=user.pk), active=False)


def set_password(user: User) -> None:
    user.set_password("another horse")
    user.save()


def end_sessions(user: User) -> None:
    Session.objects.all().delete()


@pytest.mark.parametrize("event", [suspend, set_password, end_sessions])
def test_a_token_ends_at_once(event: Callable[[User], None]):
    user, other = make_user(), make_user()
    token, others = new_token(user), new_token(other)
    assert ask("GET", "me/", token=token).json()["username"] == user.username
    event(user)
    assert ask("GET", "me/", token=token).status_code == 401
    expected = 401 if event is end_sessions else 200
    assert ask("GET", "me/", token=others).status_code == expected


@pytest.mark.parametrize("token", ["x", "%00", "A" * 32, "é" * 32, "a" * 5000])
def test_what_cannot_be_a_token_is_refused_without_a_query(
    token: str, django_assert_num_queries
):
    with django_assert_num_queries(0):
        assert ask("GET", "me/", token=token).status_code == 401
