"""Activation and rollback by one click, for those who may."""

from __future__ import annotations

import shutil

import pytest
from django.contrib.auth.models import Permission

from accounts.tests.factories import make_user
from recommender import feed
from recommender.registry import activation
from recommender.registry.activation import MODELS
from recommender.tests.planted import plant
from recommender.training import pipeline

pytestmark = pytest.mark.django_db
RUNS = "/admin/recommender/modelrun/"


@pytest.fixture
def runs():
    plant()
    return [pipeline.train(model="co_watch") for _ in range(2)]


@pytest.fixture
def admin(client):
    user = make_user(is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def test_one_click_rolls_back_and_another_activates(client, admin, runs):
    first, second = runs
    page = client.get(RUNS).content.decode()
    assert f"Roll back to {first}" in page
    assert client.get(f"{RUNS}rollback/").status_code == 200
    assert activation.active_run(MODELS) == second
    client.post(f"{RUNS}rollback/")
    assert activation.active_run(MODELS) == first
    client.post(f"{RUNS}{second.pk}/activate/")
    assert activation.active_run(MODELS) == second
    assert second.activations.first().by == admin


def test_a_run_shows_its_figures_beside_the_baselines(client, admin, runs):
    page = client.get(f"{RUNS}{runs[0].pk}/change/").content.decode()
    for name in ("co_watch", "popularity", "Recall@20", "Activate"):
        assert name in page


def test_what_cannot_serve_is_said(client, admin, runs, settings):
    (settings.ARTIFACTS_DIR / runs[0].run_id / "manifest.json").unlink()
    page = client.post(f"{RUNS}{runs[0].pk}/activate/", follow=True).content.decode()
    assert "cannot serve" in page
    assert activation.active_run(MODELS) == runs[1]


@pytest.mark.parametrize("who", ["anonymous", "member", "staff who may only look"])
def test_others_may_not(client, runs, who):
    if who != "anonymous":
        user = make_user(is_staff=who.startswith("staff"))
        user.user_permissions.add(Permission.objects.get(codename="view_modelrun"))
        client.force_login(user)
    response = client.post(f"{RUNS}rollback/")
    assert response.status_code in (302, 403)
    assert activation.active_run(MODELS) == runs[1]


def test_feeds_and_activations_are_listed(client, admin, runs):
    feed.home(admin)
    for name in ("feedsession", "activation"):
        assert client.get(f"/admin/recommender/{name}/").status_code == 200


def test_a_run_without_its_files_is_not_offered(client, admin, runs, settings):
    first = runs[0]
    change = f"{RUNS}{first.pk}/change/"
    assert f"{RUNS}{first.pk}/activate/" in client.get(change).content.decode()
    shutil.rmtree(settings.ARTIFACTS_DIR / first.run_id)
    page = client.get(change).content.decode()
    assert "activate/" not in page
    assert "It cannot be activated" in page
    asked = client.get(f"{RUNS}{first.pk}/activate/", follow=True).content.decode()
    assert f"Activate {first}?" not in asked
    assert "cannot serve" in asked
    # Nor does a rollback lead to it.
    assert "Roll back" not in client.get(RUNS).content.decode()


def test_the_run_that_serves_is_not_offered(client, admin, runs):
    page = client.get(f"{RUNS}{runs[1].pk}/change/").content.decode()
    assert "activate/" not in page


@pytest.mark.parametrize("kind", ["modelrun", "rankerrun"])
def test_nothing_to_return_to_is_no_question(client, admin, kind):
    page = client.get(f"/admin/recommender/{kind}/rollback/", follow=True)
    assert "Roll back?" not in page.text
    assert "There is no earlier run to go back to." in page.text


def test_buttons_are_for_those_who_may(client, runs):
    user = make_user(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_modelrun"))
    client.force_login(user)
    assert "Roll back" not in client.get(RUNS).text
    assert "activate/" not in client.get(f"{RUNS}{runs[0].pk}/change/").text


def test_settings_are_readable(client, admin, runs):
    page = client.get(f"{RUNS}{runs[0].pk}/change/").text
    for name, value in runs[0].config.items():
        assert f"<tr><th>{name}</th><td>{value}</td></tr>" in page
