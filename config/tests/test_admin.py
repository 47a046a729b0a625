"""The admin as a whole: every page of a row survives an id that no row has."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern

from accounts.tests.factories import make_user
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db
BAD_IDS = ["a", "-1", "0", "1" + "0" * 400, "9" * 5000, "a\0b", "²", " ", "%s{0}"]
OTHERS_ID = "6f1c8a52-0d3e-4b7a-9c55-2f1e8d4b7a90"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def routes_of_rows() -> list[str]:
    """Of each registered model, the routes with a part for the id of a row."""
    return [
        f"/admin/{model._meta.app_label}/{model._meta.model_name}/{pattern.pattern}"
        for model, model_admin in admin.site._registry.items()
        for pattern in model_admin.urls
        if isinstance(pattern, URLPattern) and "<" in str(pattern.pattern)
    ]


def test_an_id_that_no_row_has_is_no_error(staff: Client) -> None:
    routes = routes_of_rows()
    assert len(routes) > 100
    for number, route in enumerate(routes):
        bad = [OTHERS_ID, *BAD_IDS][number % (len(BAD_IDS) + 1)]
        address = re.sub("<[^>]*>", quote(bad, safe=""), route)
        ask = (staff.get, staff.post)[number % 2]
        # Pages that only programs write refuse before they look.
        assert ask(address).status_code in (302, 403, 404), address


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("bad", [OTHERS_ID, *BAD_IDS])
def test_the_projects_own_pages_know_no_such_id(
    staff: Client, bad: str, method
) -> None:
    for page in ("experiment/{}/change", "modelrun/{}/change", "modelrun/{}/activate"):
        address = f"/admin/recommender/{page.format(quote(bad, safe=''))}/"
        assert getattr(staff, method)(address).status_code in (302, 403, 404), address


def test_every_group_has_a_name_of_its_own(staff: Client) -> None:
    names = [app["name"] for app in staff.get("/admin/").context["app_list"]]
    assert len(names) == len(set(names)), names


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_field_without_a_name_is_refused(staff: Client, method: str) -> None:
    user = make_user()
    address = f"/admin/accounts/user/{user.pk}/change/"
    assert getattr(staff, method)(address, {"_to_field": ""}).status_code == 400


def test_a_year_that_no_date_has_is_refused(staff: Client) -> None:
    query = f"created_at__year={'9' * 400}"
    assert staff.get(f"/admin/interactions/comment/?{query}").status_code == 400


def test_a_choice_that_is_no_key_is_an_error_of_the_form(staff: Client) -> None:
    video = make_video()
    address = f"/admin/videos/video/{video.pk}/change/"
    answer = staff.post(
        address, {"title": "T", "categories": ["../x", "9" * 5000, "1"]}
    )
    assert answer.status_code == 200
    assert "../x" in str(answer.context["errors"])
