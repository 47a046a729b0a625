"""Logging in with a code besides the password, in the browser."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from accounts.tests.factories import make_user
from accounts.tests.test_api_session import code
from accounts.tests.test_login import PASSWORD, log_in

pytestmark = pytest.mark.django_db


def opened(client, name: str):
    """The page, after the password where it is asked for once more."""
    page = client.get(reverse(name))
    if page.status_code == 302:
        assert page.url.startswith(reverse("account_reauthenticate"))
        page = client.post(page.url, {"password": PASSWORD}, follow=True)
    return page


def test_set_up_used_and_turned_off(client):
    user = make_user(username="ada")
    EmailAddress.objects.create(
        user=user, email=user.email, primary=True, verified=True
    )
    log_in(client, "ada")
    assert reverse("mfa_index") in client.get(reverse("account")).text
    assert "Set up" in client.get(reverse("mfa_index")).text

    form = opened(client, "mfa_activate_totp")
    assert "data:image/svg+xml" in form.text
    wrong = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert "errorlist" in wrong.text
    secret = re.search(r"<code>(\w+)</code>", wrong.text)[1]
    done = client.post(
        reverse("mfa_activate_totp"), {"code": code(secret)}, follow=True
    )
    codes = re.findall(r"<li><code>(\w+)</code></li>", done.text)
    assert len(codes) == 10
    assert "10 are left" in client.get(reverse("mfa_index")).text

    client.logout()
    asked = log_in(client, "ada")
    assert asked.url == reverse("mfa_authenticate")
    client.post(asked.url, {"code": codes[0]})
    assert client.session["_auth_user_id"] == str(user.pk)
    assert "9 are left" in client.get(reverse("mfa_index")).text

    by_code = client.get(reverse("mfa_reauthenticate")).text
    assert f'action="{reverse("mfa_reauthenticate")}"' in by_code

    assert "will stop working" in opened(client, "mfa_generate_recovery_codes").text
    new = client.post(reverse("mfa_generate_recovery_codes"), follow=True)
    assert codes[1] not in new.text
    assert "Turn off the" in opened(client, "mfa_deactivate_totp").text
    client.post(reverse("mfa_deactivate_totp"))
    assert "Set up" in client.get(reverse("mfa_index")).text
