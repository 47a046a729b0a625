"""The pages: who gets them, as a page or a fragment, in how many queries."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.tests.factories import watch
from recommender.feeds import pagination
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
MOST_QUERIES = 32


@pytest.fixture
def subject():
    return make_category(name="Jazz", slug="jazz")


@pytest.fixture
def videos(subject):
    return [make_video(categories=[subject], title=f"Tune {n}") for n in range(60)]


@pytest.fixture
def addresses(subject, videos):
    parent = subject.parent_category
    return {
        "home": "/",
        "home of one subject": f"/?category={subject.slug}",
        "following": "/following/",
        "ranked following": "/following/?sort=ranked",
        "explore": "/explore/",
        "new": "/explore/?sort=newest",
        "category": f"/category/{subject.slug}/",
        "parent category": f"/category/{parent.slug}/?sort=newest",
        "related": f"/video/{videos[0].video_id}/related/",
    }


@pytest.fixture
def follower(videos):
    user = make_user()
    for video in videos[1:30]:
        interactions.follow(follower=user, followee=video.creator)
    for video in videos[40:45]:
        watch(video, user=user)
    return user


def titles(response):
    return re.findall(r"<h3[^>]*><a[^>]*>([^<]+)</a>", response.content.decode())


@pytest.mark.parametrize("who", ["anonymous", "member"])
def test_each_page_and_its_fragment_show_the_same(client, addresses, follower, who):
    if who == "member":
        client.force_login(follower)
    for name, address in addresses.items():
        page = client.get(address)
        if who == "anonymous" and "following" in name:
            assert page.status_code == 302
            continue
        assert page.status_code == 200, name
        assert "<html" in page.content.decode()
        fragment = client.get(address, headers=HTMX)
        assert "<html" not in fragment.content.decode()
        assert "HX-Request" in fragment["Vary"]
        assert len(titles(fragment)) == len(titles(page)) > 0, name


def test_load_more_keeps_filter_and_order(client, addresses, follower):
    client.force_login(follower)
    for name, address in addresses.items():
        first = client.get(address)
        match = re.search(r'hx-get="([^"]*cursor[^"]*)"', first.content.decode())
        assert match, name
        following = match[1].replace("&amp;", "&")
        assert following.startswith(address.split("?")[0])
        second = client.get(following, headers=HTMX)
        assert titles(second)
        assert not set(titles(first)) & set(titles(second)), name
        assert second.context["page"].feed_id == first.context["page"].feed_id


def test_pages_take_a_bounded_number_of_queries(client, addresses, follower):
    client.force_login(follower)
    for name, address in addresses.items():
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert len(queries) <= MOST_QUERIES, (name, len(queries))


def test_an_aged_list_is_replaced_as_a_whole(client, videos):
    response = client.get("/?cursor=nonsense", headers=HTMX)
    assert response["HX-Retarget"] == "#feed"
    assert response["HX-Reswap"] == "outerHTML"
    assert pagination.RESTARTED in response.content.decode()
    assert "HX-Retarget" not in client.get("/?cursor=nonsense")


@pytest.mark.parametrize(
    "address",
    [
        "/?category=nowhere",
        "/category/nowhere/",
        "/explore/?sort=loudest",
        "/video/nothing/related/",
    ],
)
def test_what_does_not_exist_is_not_found(client, address):
    assert client.get(address).status_code == 404


def test_related_to_a_private_video_is_for_its_creator(client):
    video = make_video(visibility="private")
    address = f"/video/{video.video_id}/related/"
    assert client.get(address).status_code == 404
    client.force_login(make_user())
    assert client.get(address).status_code == 404
    client.force_login(video.creator)
    assert client.get(address).status_code == 200


def test_chips_put_the_chosen_first_and_mark_the_current(client, videos, subject):
    user = make_user()
    zebra = make_category(name="Zebras").parent_category
    user.parent_category_interests.add(zebra)
    client.force_login(user)
    chips = client.get(f"/?category={subject.slug}").context["chips"]
    assert [chip["label"] for chip in chips[:3]] == ["For you", "Jazz", zebra.name]
    assert [chip["label"] for chip in chips if chip["current"]] == ["Jazz"]


def test_empty_pages_say_why_and_what_to_do(client, subject):
    client.force_login(make_user())
    for address, words in {
        "/": "No videos yet",
        f"/?category={subject.slug}": "Nothing to show in Jazz",
        "/following/": "You are not following anyone yet",
        "/explore/": "Nothing to explore yet",
        f"/category/{subject.slug}/": "Nothing to show in Jazz",
    }.items():
        html = client.get(address).content.decode()
        assert words in html
        assert "button--primary" in html
