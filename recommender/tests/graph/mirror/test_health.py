"""What the command and the admin tell of the mirror; nobody needs Neo4j to hear it."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.tests.factories import make_user
from interactions.models import GraphChange
from recommender.graph.mirror import outbox
from recommender.graph.mirror.health import health
from recommender.graph.mirror.writer import note_failure, note_success
from recommender.models import GraphMirror

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty(db):
    GraphChange.objects.all().delete()


def test_the_status_tells_how_many_wait_and_what_went_wrong(settings):
    settings.NEO4J_URI = "bolt://127.0.0.1:1"
    make_user()
    note_failure(OSError("no route to host"))
    said = StringIO()
    with pytest.raises(CommandError):
        call_command("model_status", stdout=said)
    assert "1 changes wait, the oldest for 0 s" in said.getvalue()
    assert health().fault == "Neo4j: OSError: no route to host"
    note_success()
    assert not health().fault
    assert GraphMirror.load().error  # the last one can still be read


def test_the_admin_shows_lag_queue_and_last_error(client, settings):
    settings.NEO4J_URI = "bolt://127.0.0.1:1"
    note_failure(OSError("no route to host"))
    client.force_login(make_user(is_superuser=True, is_staff=True))
    GraphChange.objects.create(kind="user", source=1, target=0)
    page = client.get("/admin/recommender/graphmirror/").content.decode()
    assert "no route to host" in page
    assert client.get("/admin/recommender/graphmirror/1/change/").status_code == 200
    client.force_login(make_user())
    assert client.get("/admin/recommender/graphmirror/").status_code == 302


def test_nothing_waits_for_a_mirror_that_there_is_not(settings):
    make_user()
    before = GraphMirror.load().generation
    assert outbox.prune() == 1
    assert not GraphChange.objects.exists()
    assert GraphMirror.load().generation != before  # a mirror elsewhere has missed it


def test_with_neo4j_changes_wait_up_to_a_limit(settings, monkeypatch):
    settings.NEO4J_URI = "bolt://127.0.0.1:1"
    make_user()
    assert outbox.prune() == 0
    monkeypatch.setattr(outbox, "LIMIT", 0)
    assert outbox.prune() == 1
