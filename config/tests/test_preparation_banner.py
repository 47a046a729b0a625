"""Pages show what `make run` still prepares, to everyone, at no cost."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.runtime import preparation
from config.runtime.preparation import Preparation
from config.tests.browser import wait_for

CLIPS = Preparation("demo", "Making demo videos", "120 of 400", 120, 400)
TRAINING = Preparation("training", "Training recommendations")

pytestmark = pytest.mark.django_db


def test_pages_have_no_banner_when_nothing_is_prepared(client):
    assert 'id="preparation"' not in client.get(reverse("home")).text


@pytest.mark.parametrize("page", ["home", "explore", "account_login", "search"])
def test_pages_have_the_banner_while_something_is_prepared(client, page):
    preparation.write(CLIPS)
    text = client.get(reverse(page)).text
    assert 'role="status">Making demo videos</p>' in text
    assert "120 of 400" in text
    assert '<progress class="progress" value="120" max="400"' in text


def test_the_banner_takes_no_query(client):
    client.get(reverse("home"))
    with CaptureQueriesContext(connection) as without:
        client.get(reverse("home"))
    preparation.write(CLIPS)
    with CaptureQueriesContext(connection) as with_banner:
        client.get(reverse("home"))
    assert len(with_banner) == len(without)
    with CaptureQueriesContext(connection) as fragment:
        client.get(reverse("preparation"))
    assert not len(fragment)


def test_the_progress_asks_for_itself_and_names_a_new_stage_once(client):
    preparation.write(TRAINING)
    address = reverse("preparation")
    changed = client.get(address, {"stage": "demo"}).text
    assert 'id="preparation-title" hx-swap-oob="innerHTML">Training' in changed
    [again] = re.findall(r'hx-get="([^"]+)" hx-trigger="every 5s"', changed)
    assert again == f"{address}?stage=training"
    assert "hx-swap-oob" not in client.get(again).text


def test_the_banner_goes_when_all_is_prepared(client):
    response = client.get(reverse("preparation"), {"stage": "training"})
    assert response["HX-Retarget"] == "#preparation"
    assert response["HX-Reswap"] == "delete"
    assert "All is prepared" in json.loads(response["HX-Trigger"])["toast"]["text"]


def test_the_progress_is_only_read(client):
    assert client.post(reverse("preparation")).status_code == 405


@pytest.mark.browser
@pytest.mark.slow
def test_the_banner_follows_the_preparation_in_a_browser(page, live_server):
    preparation.write(CLIPS)
    page.goto(live_server.url)
    banner = page.locator("#preparation")
    title = banner.get_by_role("status")
    assert title.inner_text() == "Making demo videos"
    title.evaluate("node => node.dataset.same = 'yes'")
    preparation.write(replace(TRAINING, detail="epoch 3 of 12"))
    wait_for(page, "document.body.innerText.includes('epoch 3 of 12')")
    assert title.inner_text() == "Training recommendations"
    assert title.get_attribute("data-same") == "yes", "the live region was replaced"
    assert not page.locator("#loading-bar[data-active]").count()
    preparation.write(None)
    banner.wait_for(state="detached")
    assert "All is prepared" in page.locator("#toasts").inner_text()
