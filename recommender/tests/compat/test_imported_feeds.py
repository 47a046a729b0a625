"""The older systems' feeds on what was imported, from each older model by its name."""

from __future__ import annotations

import pytest

from accounts import service_clients
from imports.socialverse.client import Client, RetryPolicy
from imports.socialverse.run import run
from imports.tests.socialverse_server import ALGORITHM, TOKEN, serving
from imports.tests.socialverse_world import World
from recommender.tests.ml.models.test_every_model import QUICK
from recommender.training import pipeline
from videos.models import VideoMood

pytestmark = pytest.mark.django_db

MODELS = {
    "ncf": QUICK["ncf"] | {"epochs": 3},
    "hybrid": QUICK["hybrid"],
    "als": QUICK["als"],
    "co_watch": {},
    "graphsage_ids": QUICK["graphsage_ids"] | {"epochs": 3},
}
WHO = 5


@pytest.fixture
def world() -> World:
    world = World(n_posts=120, n_users=60, n_interactions=2400)
    with serving(world) as server:
        policy = RetryPolicy(connect=5, read=5, attempts=3, backoff=0.01)
        run(
            client=Client(
                address=server.address,
                token=TOKEN,
                algorithm=ALGORITHM,
                policy=policy,
            )
        )
    return world


@pytest.fixture
def ask(client):
    _, secret = service_clients.create(name="older", source="socialverse")

    def ask(**query):
        response = client.get(
            "/feed",
            {"username": f"person{WHO}", "page_size": 200} | query,
            headers={"Flic-Token": secret},
        )
        assert response.status_code == 200, response.text
        return response.json()["posts"]

    return ask


def test_imported_people_are_served_by_every_older_model(world, ask):
    new = {row["id"] for row in world.rows["posts"]}
    new -= {post for user, post, _ in world.views() if user == WHO}
    new -= {
        row["id"]
        for row in world.rows["posts"]
        if f"person{WHO}" in (row.get("username"), row.get("owner", {}).get("username"))
    }
    calm = VideoMood.objects.filter(mood="calm").values_list("video__external_id")
    narrowed = [
        ({}, new),
        ({"category_id": 4}, {key for key in new if 1 + key % 12 == 4}),
        (
            {"project_code": "project-3"},
            {key for key in new if key % 2 == 0 and key % 5 == 3},
        ),
        ({"mood": "calm"}, {int(key) for (key,) in calm} & new),
    ]
    orders = set()
    for name, config in MODELS.items():
        pipeline.train(model=name, config=config, activate=False)
        for query, wanted in narrowed:
            posts = ask(model=name, **query)
            assert {int(post["id"]) for post in posts} == wanted != set(), (name, query)
            assert posts[0]["source"] == name, query
            assert posts[0]["url"] == f"https://videos.example/{posts[0]['id']}.mp4"
            assert all(post["reason"] for post in posts)
            if not query:
                orders.add(tuple(post["id"] for post in posts[:10]))
    assert len(orders) == len(MODELS)  # each ranks by itself
