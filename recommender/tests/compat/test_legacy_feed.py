"""The older systems' endpoints, as their callers call them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts import service_clients
from accounts.moods import Mood
from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.tests.factories import watch
from recommender.registry.catalogue import catalogue
from recommender.tests.ml.models.test_every_model import QUICK
from recommender.tests.planted import plant
from recommender.training import pipeline
from videos.models import Topic, VideoMood
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db
ROW = {"id", "title", "url", "relevance_score", "source", "reason"}


@pytest.fixture
def secret() -> str:
    _, secret = service_clients.create(name="older", source="socialverse")
    return secret


@pytest.fixture
def ask(client, secret):
    def ask(path="/feed", status=200, **query):
        response = client.get(path, query, headers={"Flic-Token": secret})
        assert response.status_code == status, response.text
        if status != 200:
            assert response["Content-Type"] == "application/problem+json"
            assert response.json()["status"] == status
        return response.json()

    return ask


def ids(answer):
    return [post["id"] for post in answer["posts"]]


def page_through(ask, **query):
    found, number = [], 1
    while page := ids(ask(page=number, **query)):
        found += page
        number += 1
    return found


@pytest.mark.parametrize("path", ["/feed?username=ann", "/posts/all"])
def test_only_service_clients_are_answered(client, settings, secret, path):
    make_user(username="ann")
    for headers in ({}, {"Flic-Token": "guessed"}, {"Flic-Token": ""}):
        response = client.get(path, headers=headers)
        assert response.status_code == 401
        assert response["Content-Type"] == "application/problem+json"
        assert response["WWW-Authenticate"] == "Flic-Token"
    assert client.get(path, headers={"Flic-Token": secret}).status_code == 200
    client.force_login(make_user(is_superuser=True))
    assert client.get(path).status_code == 401
    settings.FEED_API_OPEN = True
    assert client.get(path).status_code == 200


def test_someone_new_gets_everything_once_whatever_happens_between_pages(ask):
    videos = [make_video() for _ in range(100)]
    user = make_user(username="ann")
    first = ids(ask(username="ann", page_size=7))
    assert len(first) == 7
    watch(videos[50], user=user)
    make_video()
    rest = []
    for number in range(2, 20):
        rest += ids(ask(username="ANN", page=number, page_size=7))
    assert len(first + rest) == len(set(first + rest))
    assert {video.video_id for video in videos} <= set(first + rest)
    assert videos[50].video_id not in page_through(ask, username="ann", page_size=50)


def test_rows_and_envelope(ask):
    jazz = make_category(source="socialverse", external_id="4")
    there = make_video(
        source="socialverse",
        external_id="81",
        external_url="https://cdn.example/81.mp4",
        categories=[jazz],
    )
    here = make_video(external_url="", video_file="videos/here")
    make_user(username="ann")
    answer = ask(username="ann", page_size=5)
    assert {key: answer[key] for key in ("page", "page_size", "max_page_size")} == {
        "page": 1,
        "page_size": 2,
        "max_page_size": 5,
    }
    rows = {post["id"]: post for post in answer["posts"]}
    assert all(set(post) == ROW and post["reason"] for post in rows.values())
    assert rows["81"]["url"] == there.external_url
    page = f"http://testserver{here.get_absolute_url()}"
    assert rows[here.video_id]["url"] == page


def test_people_are_found_by_the_name_of_their_source_first(ask):
    local = make_user(username="bob")
    imported = make_user(
        username="bob-2", source="socialverse", external_id="7", external_username="bob"
    )
    seen, other = make_video(), make_video()
    watch(seen, user=imported)
    watch(other, user=local)
    assert ids(ask(username="bob")) == [other.video_id]
    assert ids(ask(username="bob-2")) == [other.video_id]
    imported.external_username = ""
    imported.save()
    assert ids(ask(username="bob")) == [seen.video_id]


@pytest.mark.parametrize("path", ["/feed", "/posts/all"])
def test_filters(ask, path):
    make_user(username="ann")
    jazz = make_category(source="socialverse", external_id="4")
    topic = Topic.objects.create(name="Flow", slug="flow", project_code="flic")
    in_category = make_video(categories=[jazz])
    in_project = make_video(topic=topic)
    funny = make_video(topic=topic)
    VideoMood.objects.create(video=funny, mood=Mood.FUNNY, origin="text", strength=0.9)

    def found(**query):
        if path == "/feed":
            query["username"] = "ann"
        return set(ids(ask(path, **query)))

    assert found(category_id=4) == {in_category.video_id}
    assert found(project_code="flic") == {in_project.video_id, funny.video_id}
    assert found(mood="funny") == {funny.video_id}
    assert found(project_code="flic", mood="funny") == {funny.video_id}
    assert found(project_code="flic", category_id=4) == set()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"username": ""}, 400),
        ({"username": "nobody"}, 404),
        ({"username": "ann", "category_id": "99"}, 404),
        ({"username": "ann", "project_code": "none"}, 404),
        ({"username": "ann", "mood": "purple"}, 400),
        ({"username": "ann", "page": 0}, 400),
        ({"username": "ann", "page": "two"}, 400),
        ({"username": "ann", "page": -1}, 400),
        ({"username": "ann", "page_size": 0}, 400),
        ({"username": "ann", "page_size": 1001}, 400),
        ({"username": "ann\0"}, 400),
        ({"username": "ann", "model": "als"}, 404),
        ({"username": "ann", "model": "made_up"}, 404),
    ],
)
def test_what_is_not_there_and_what_cannot_be(ask, query, status):
    make_user(username="ann")
    ask(status=status, **query)


def test_a_page_far_beyond_the_end_is_empty_and_costs_little(
    ask, django_assert_max_num_queries, settings
):
    make_user(username="ann")
    for _ in range(3):
        make_video()
    settings.CATALOGUE_MAX_AGE = timedelta(hours=1)
    catalogue()
    with django_assert_max_num_queries(8):
        assert ids(ask(username="ann", page=10**6, page_size=1000)) == []


def test_hidden_since_the_first_page_is_left_out(ask):
    make_user(username="ann")
    videos = {video.video_id: video for video in (make_video() for _ in range(6))}
    first = ids(ask(username="ann", page_size=3))
    hidden = next(iter(set(videos) - set(first)))
    videos[hidden].visibility = "private"
    videos[hidden].save()
    rest = set(videos) - set(first) - {hidden}
    assert set(ids(ask(username="ann", page=2, page_size=3))) == rest


def test_all_posts_are_the_public_ones_in_a_steady_order(ask):
    made = [make_video().video_id for _ in range(5)]
    make_video(visibility="private")
    make_video(state="processing")
    first = ids(ask("/posts/all", page_size=2))
    made.append(make_video().video_id)
    rest = page_through(ask, path="/posts/all", page_size=2)
    assert rest == made
    assert first == made[:2]
    assert reverse("service_posts") == "/posts/all"


def test_a_model_by_name_answers_beside_the_active_one(ask):
    world = plant()
    pipeline.train(model="als", config=QUICK["als"], activate=False)
    fan = world.fans[0][0]
    for parameter in ("model", "strategy"):
        posts = ask(username=fan.username, **{parameter: "als"})["posts"]
        assert {post["source"] for post in posts[:5]} == {"als"}
    interactions.like(user=make_user(username="new"), video=world.videos[0][0])
    assert ids(ask(username="new", model="als"))
