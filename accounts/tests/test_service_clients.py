"""Service clients: made once, known by their secret, shut out at once."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from accounts import encryption, service_clients
from accounts.models import ServiceClient
from accounts.tests.factories import make_user

pytestmark = pytest.mark.django_db


def make_client(**overrides) -> tuple[ServiceClient, str]:
    return service_clients.create(
        **({"name": "mobile", "source": "personalize"} | overrides)
    )


def test_the_command_prints_what_works(capsys):
    call_command("create_service_client", "mobile", "--source", "shop", "--json")
    printed = json.loads(capsys.readouterr().out)
    client = service_clients.authenticate(printed["secret"])
    assert (client.client_id, client.name, client.source) == (
        printed["id"],
        "mobile",
        "shop",
    )
    assert client.secret == printed["secret"]
    call_command("create_service_client", "other")
    lines = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert service_clients.authenticate(lines["secret"]).client_id == lines["id"]


@pytest.mark.parametrize("name", ["mobile", "", "x" * 81])
def test_a_name_that_cannot_be(name):
    make_client()
    with pytest.raises(CommandError):
        call_command("create_service_client", name)
    assert ServiceClient.objects.count() == 1


def test_the_secret_is_nowhere_in_the_row():
    client, secret = make_client()
    row = ServiceClient.objects.filter(pk=client.pk).values().get()
    assert secret not in str(row)


def test_a_replaced_key_reads_what_its_fallback_wrote(settings):
    client, secret = make_client()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 8
    assert client.secret == secret
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(encryption.Unreadable):
        _ = client.secret
    assert service_clients.authenticate(secret) == client


def test_only_active_clients_are_known_and_use_is_noted():
    client, secret = make_client()
    assert service_clients.authenticate(secret + "x") is None
    client.refresh_from_db()
    assert client.last_used_at is None
    assert service_clients.authenticate(secret) == client
    client.refresh_from_db()
    first = client.last_used_at
    assert timezone.now() - first < timedelta(seconds=10)
    service_clients.authenticate(secret)
    client.refresh_from_db()
    assert client.last_used_at == first
    client.active = False
    client.save()
    assert service_clients.authenticate(secret) is None


def test_admin_shuts_out_and_shows_no_secret(client):
    caller, secret = make_client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    url = reverse("admin:accounts_serviceclient_change", args=[caller.pk])
    page = client.get(url).text
    assert caller.client_id in page
    assert secret not in page
    assert caller.encrypted_secret not in page
    client.post(url, {"name": "mobile", "source": "personalize"})
    assert service_clients.authenticate(secret) is None
    assert client.get(reverse("admin:accounts_serviceclient_add")).status_code == 403
