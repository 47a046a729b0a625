"""Filters of Personalize's clients are checked before they are saved."""

from __future__ import annotations

import pytest

from accounts.tests.factories import make_user
from recommender.models import PersonalizeFilter

pytestmark = pytest.mark.django_db
ADD = "/admin/recommender/personalizefilter/add/"


@pytest.fixture(autouse=True)
def _admin(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))


def test_a_filter_that_can_be_read_is_saved(client):
    expression = "INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)"
    client.post(ADD, {"name": "genres", "expression": expression})
    assert PersonalizeFilter.objects.get().expression == expression


def test_the_form_explains_what_cannot_be_read(client):
    page = client.post(ADD, {"name": "bad", "expression": "INCLUDE ItemID"})
    assert page.context["adminform"].form.errors["expression"]
    assert not PersonalizeFilter.objects.exists()
