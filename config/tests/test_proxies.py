"""Proxies that the settings do not fit: said at the start, in the log, in the admin."""

from __future__ import annotations

import logging
import re

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.checks import run_checks
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import make_user
from config.checks import PROXIES, log_warnings
from rest import proxies
from videos.files.uploads import FORM_BYTES

pytestmark = pytest.mark.django_db
ADMIN = reverse("admin:index")
ENV_EXAMPLE = settings.BASE_DIR / ".env.example"
SHARED = "TRUSTED_PROXY_COUNT is 0"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(proxies, "_logged", set())
    cache.clear()


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"X-Forwarded-For": "192.0.2.1"}, SHARED),
        ({"Forwarded": "for=192.0.2.1"}, "Forwarded arrives without X-Forwarded-For"),
        ({"X-Real-IP": "192.0.2.1"}, "X-Real-IP arrives without X-Forwarded-For"),
        ({"X-Forwarded-Proto": "https"}, "HTTPS is not set"),
    ],
)
def test_the_admin_and_the_log_tell_what_to_set(staff, caplog, headers, told):
    assert "messagelist" not in staff.get(ADMIN).text
    for _ in range(2):
        assert told in staff.get(ADMIN, headers=headers).text
    assert [told in record.message for record in caplog.records] == [True]


def test_others_read_nothing_of_it(client):
    page = client.get("/", headers={"X-Forwarded-For": "192.0.2.1"}).text
    assert "TRUSTED_PROXY_COUNT" not in page


def test_counted_proxies_are_no_fault(staff, settings, caplog):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    headers = {"X-Forwarded-For": "192.0.2.1"}
    assert "messagelist" not in staff.get(ADMIN, headers=headers).text
    assert not caplog.records


def test_fewer_addresses_than_proxies_break_no_log_in(client, settings, caplog):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    make_user(username="ann", password="correct horse")
    response = client.post(
        reverse("account_login"),
        {"login": "ann", "password": "correct horse"},
        headers={"X-Forwarded-For": "192.0.2.1"},
    )
    assert response.status_code == 302
    assert "fewer than 2 addresses" in caplog.text


@pytest.mark.parametrize("name", ["HTTPS", "X_ACCEL_REDIRECT"])
def test_settings_that_name_a_proxy_need_its_number(settings, caplog, name):
    settings.SITE_URL = "https://example.com"
    settings.HTTPS = True
    assert [m.id for m in run_checks(tags=[PROXIES])] == ["config.W001"]
    log_warnings()
    assert SHARED in caplog.text
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert not run_checks(tags=[PROXIES])


def test_a_site_url_with_https_needs_https(settings):
    settings.SITE_URL = "https://example.com"
    assert [m.id for m in run_checks(tags=[PROXIES])] == ["config.W002"]


class TestForms:
    """The proxy dropped the port of Host: browsers' Origin has it."""

    ORIGIN = "http://testserver:8443"

    def post(self, client: Client, origin: str, path: str = "/accounts/login/"):
        client.handler.enforce_csrf_checks = True
        return client.post(path, {}, headers={"Origin": origin})

    def test_a_visitor_reads_what_happened(self, client, caplog):
        caplog.set_level(logging.WARNING, "rest.proxies")
        response = self.post(client, self.ORIGIN)
        assert response.status_code == 403
        assert f"It was sent from <bdi>{self.ORIGIN}</bdi>" in response.text
        assert "CSRF_TRUSTED_ORIGINS" not in response.text
        assert f"CSRF_TRUSTED_ORIGINS={self.ORIGIN}" in caplog.text

    def test_administrators_read_what_to_set(self, staff):
        page = self.post(staff, self.ORIGIN).text
        assert f"CSRF_TRUSTED_ORIGINS={self.ORIGIN}" in page
        assert "Origin checking failed" in page

    def test_tls_that_the_settings_do_not_know(self, staff):
        page = self.post(staff, "https://testserver").text
        assert "HTTPS=1" in page

    def test_the_value_works(self, client, settings):
        settings.CSRF_TRUSTED_ORIGINS = [self.ORIGIN]
        page = self.post(client, self.ORIGIN).text
        assert "This form has expired" in page  # its token is missing, no more

    def test_requests_of_pages_to_the_api_are_logged(self, client, caplog):
        client.force_login(make_user())
        client.handler.enforce_csrf_checks = True
        response = client.patch(
            "/api/v1/me/",
            "{}",
            content_type="application/json",
            headers={"Origin": self.ORIGIN},
        )
        assert response.status_code == 403
        assert f"CSRF_TRUSTED_ORIGINS={self.ORIGIN}" in caplog.text


def test_nginx_lets_the_largest_upload_pass():
    conf = (settings.BASE_DIR / "deploy" / "nginx.conf").read_text()
    megabytes = re.search(r"client_max_body_size (\d+)m;", conf)
    default = re.search(r"^UPLOAD_MAX_MB=(\d+)$", ENV_EXAMPLE.read_text(), re.M)
    assert int(megabytes[1]) == int(default[1]) + FORM_BYTES // 2**20
    assert int(default[1]) * 2**20 == settings.UPLOAD_MAX_BYTES
