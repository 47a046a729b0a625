"""What a request of the API asks of the database."""

from __future__ import annotations

import pytest
from django.test import Client

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


def test_rate_limits_ask_nothing_of_the_database(
    client: Client, django_assert_max_num_queries
):
    client.force_login(make_user())
    client.get(ME)
    with django_assert_max_num_queries(4) as queries:
        assert client.get(ME).status_code == 200
    assert not any('"cache"' in query["sql"] for query in queries)
