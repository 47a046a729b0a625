"""A monitor with the token, and administrators, may read the gauges."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import make_user
from interactions.models import GraphChange
from recommender.graph.mirror.writer import note_failure

pytestmark = pytest.mark.django_db


def gauges(response) -> dict[str, float]:
    lines = response.content.decode().splitlines()
    values = (line.split(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in values}


def test_strangers_get_nothing(client, settings):
    assert client.get("/metrics").status_code == 404
    client.force_login(make_user())
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "secret"
    wrong = {"Authorization": "Bearer guess"}
    assert client.get("/metrics", headers=wrong).status_code == 404


def test_lag_queue_and_last_error_of_the_mirror(client, settings):
    settings.METRICS_TOKEN = "secret"
    GraphChange.objects.all().delete()
    old = timezone.now() - timedelta(seconds=90)
    for number in range(3):
        GraphChange.objects.create(kind="user", source=number, target=0, created_at=old)
    note_failure(OSError("no route"))
    response = client.get("/metrics", headers={"Authorization": "Bearer secret"})
    assert response["Content-Type"].startswith("text/plain")
    found = gauges(response)
    assert found["graph_mirror_queue"] == 3
    assert found["graph_mirror_lag_seconds"] == pytest.approx(90, abs=20)
    assert found["graph_mirror_failing"] == 1
    at = found["graph_mirror_last_error_timestamp_seconds"]
    assert at == pytest.approx(timezone.now().timestamp(), abs=20)


def test_administrators_need_no_token(client):
    client.force_login(make_user(is_superuser=True))
    assert "graph_mirror_queue" in gauges(client.get("/metrics"))
