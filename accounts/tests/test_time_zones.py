"""Pages are in the person's time zone, the API in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from accounts.tests.api import ask
from accounts.tests.factories import make_user
from interactions.models import Watch
from interactions.tests.factories import watch
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db
LATE = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # in Auckland it is the day after


@pytest.fixture
def person(client):
    user = make_user()
    watch(make_video(), user=user)
    Watch.objects.update(timestamp=LATE)
    client.force_login(user)
    return user


def days(client):
    return [day.isoformat() for day, _ in client.get("/history/").context["days"]]


def test_the_days_of_the_history_are_those_of_the_person(client, person):
    assert days(client) == ["2026-03-01"]
    client.cookies["timezone"] = "Pacific/Auckland"
    assert days(client) == ["2026-03-02"]
    assert "Monday, 2 March 2026" in client.get("/history/").content.decode()
    person.time_zone = "America/New_York"
    person.save()
    assert days(client) == ["2026-03-01"]
    client.cookies["timezone"] = "Nowhere/City"
    person.time_zone = ""
    person.save()
    assert days(client) == ["2026-03-01"]


def test_chosen_in_the_settings(client, person):
    page = client.get(reverse("settings")).content.decode()
    assert "The same as in my browser" in page
    client.post(reverse("settings"), {"time_zone": "Asia/Kolkata"})
    person.refresh_from_db()
    assert person.time_zone == "Asia/Kolkata"
    assert client.post(reverse("settings"), {"time_zone": "Nowhere"}).status_code < 500
    person.refresh_from_db()
    assert person.time_zone == "Asia/Kolkata"


def test_the_api_stays_in_utc(client, person):
    answer = ask("PATCH", "me/", {"time_zone": "Pacific/Auckland"}, user=person)
    assert answer.json()["time_zone"] == "Pacific/Auckland"
    row = ask("GET", "me/history/", user=person).json()["results"][0]
    assert row["watched_at"] == "2026-03-01T23:30:00Z"
    wrong = ask("PATCH", "me/", {"time_zone": "Nowhere"}, user=person)
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["time_zone"])


def test_a_request_leaves_no_time_zone_to_the_next(client, person):
    client.cookies["timezone"] = "Pacific/Auckland"
    assert days(client) == ["2026-03-02"]
    del client.cookies["timezone"]
    assert days(client) == ["2026-03-01"]
