"""A page that was made for one person does nothing for another."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.tests.factories import make_user

pytestmark = pytest.mark.django_db


def sent(client, address: str, made_for, **headers):
    return client.post(address, headers={"X-For-User": str(made_for), **headers})


def test_requests_of_a_page_are_those_of_its_person(client):
    person, other = make_user(), make_user()
    follow = reverse("follow", args=[make_user().username])
    client.force_login(person)
    assert sent(client, follow, person.pk).status_code == 302
    assert client.post(follow).status_code == 302  # without a script
    answer = sent(client, follow, other.pk)
    assert answer.status_code == 409
    assert "another account" in answer.text
    assert not other.following.exists()


def test_buttons_of_who_has_logged_out_lead_to_the_login(client):
    follow = reverse("follow", args=[make_user().username])
    answer = sent(client, follow, make_user().pk, **{"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].startswith(reverse("account_login"))


def test_events_of_who_has_logged_out_are_nobodys(client):
    answer = sent(client, reverse("events"), make_user().pk)
    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 409
