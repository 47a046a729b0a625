"""A client that moves over: boto3 over the network, with address and keys changed."""

from __future__ import annotations

import gc
from contextlib import ExitStack, closing
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from recommender.registry import activation
from recommender.registry.activation import MODELS
from recommender.tests.compat.personalize.aws import (
    SIMILAR,
    TOP_PICKS,
    aws,
    make_caller,
)
from recommender.tests.planted import plant
from recommender.training import pipeline

pytestmark = pytest.mark.django_db(transaction=True)


def items(answer):
    return [item["itemId"] for item in answer["itemList"]]


@pytest.fixture
def connect(live_server):
    """Makes clients of the server, whose connections end with the test."""
    with ExitStack() as clients:

        def client(service, key, secret):
            made = aws(service, key, secret, url=live_server.url)
            return clients.enter_context(closing(made))

        yield client
    gc.collect()  # boto3 keeps the connection of a refused request in a cycle


def test_it_recommends_ranks_and_follows_events(connect):
    world = plant()
    run = pipeline.train(model="co_watch", activate=False)
    activation.activate(MODELS, run=run, reason="To be asked", force=True)
    caller, secret = make_caller()
    runtime = connect("runtime", caller.client_id, secret)
    events = connect("events", caller.client_id, secret)
    jazz, chess = ([video.video_id for video in kind] for kind in world.videos)
    fan, other = (group[0].username for group in world.fans)

    def picks(user):
        return runtime.get_recommendations(
            campaignArn=TOP_PICKS, userId=user, numResults=10
        )

    def taste(user):
        """How much more jazz than chess there is among ten."""
        found = items(picks(user))
        assert len(set(found)) == 10
        return len(set(found) & set(jazz)) - len(set(found) & set(chess))

    assert taste(fan) >= 4
    assert taste(other) <= -4

    similar = runtime.get_recommendations(
        recommenderArn=SIMILAR, itemId=chess[0], numResults=5
    )
    assert len(set(items(similar)) & set(chess)) >= 4
    assert chess[0] not in items(similar)

    mixed = [*chess[:5], *jazz[:5]]
    ranking = runtime.get_personalized_ranking(
        campaignArn=TOP_PICKS, userId=fan, inputList=mixed
    )
    ranked = [item["itemId"] for item in ranking["personalizedRanking"]]
    assert sorted(ranked) == sorted(mixed)
    places = [place for place, item in enumerate(ranked) if item in jazz]
    assert sum(places) < sum(range(10)) / 2

    recommendation = picks("newcomer")["recommendationId"]
    for session, video in enumerate(jazz[:3]):
        events.put_events(
            trackingId="tracker",
            userId="newcomer",
            sessionId=f"session-{session}",
            eventList=[
                {
                    "eventType": "Watch",
                    "eventValue": 0.9,
                    "itemId": video,
                    "sentAt": datetime.now(UTC),
                    "recommendationId": recommendation,
                }
            ],
        )
    assert taste("newcomer") >= 4
    assert not set(items(picks("newcomer"))) & set(jazz[:3])

    stranger = connect("runtime", caller.client_id, "not the secret")
    with pytest.raises(ClientError) as refused:
        stranger.get_recommendations(campaignArn=TOP_PICKS, userId=fan)
    assert refused.value.response["Error"]["Code"] == "InvalidSignatureException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
