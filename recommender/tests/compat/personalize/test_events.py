"""Events, items and users that clients put."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from django.db import connection

from accounts.models import User
from accounts.tests.factories import make_user
from imports.loading import IMPORT_LOCK
from interactions.models import AnonymousView, Engagement, Impression, Rating, Watch
from recommender.compat.personalize import datasets
from recommender.tests.compat.personalize.aws import ITEMS, TOP_PICKS, USERS
from videos.models import Video
from videos.tests.factories import make_video

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC).replace(microsecond=0)


def put(events, *event_list, session="s", **asked):
    events.put_events(
        trackingId="t",
        sessionId=session,
        eventList=[{"sentAt": NOW} | event for event in event_list],
        **({"userId": "ann"} | asked),
    )


def refused(call, **asked):
    with pytest.raises(ClientError) as error:
        call(**asked)
    return error.value.response["Error"]["Code"]


@pytest.mark.parametrize(
    ("event", "viewed", "fraction", "liked"),
    [
        ({"eventType": "Watch", "eventValue": 0.8}, True, 0.8, False),
        ({"eventType": "watch", "eventValue": 0.1}, False, 0.1, False),
        ({"eventType": "watch"}, True, 0, False),
        ({"eventType": "watched"}, True, 0.51, False),
        ({"eventType": "clicked"}, True, 0, False),
        ({"eventType": "Click"}, True, 0, False),
        ({"eventType": "LIKE"}, False, 0, True),
    ],
)
def test_what_events_become(events, event, viewed, fraction, liked):
    user, video = make_user(username="ann"), make_video()
    put(events, {"itemId": video.video_id} | event)
    row = Engagement.objects.get(user=user, video=video)
    assert (row.viewed, row.liked) == (viewed, liked)
    assert row.fraction == pytest.approx(fraction)
    assert row.last_at == NOW


def test_percent_where_the_installation_says_so(events, settings):
    settings.PERSONALIZE_PERCENT = True
    video = make_video()
    put(events, {"eventType": "watch", "eventValue": 80, "itemId": video.video_id})
    assert Watch.objects.get(video=video).watch_time == pytest.approx(0.8)


def test_stars_where_the_installation_says_so(events, settings):
    video = make_video()
    stars = {"eventType": "rating", "eventValue": 4, "itemId": video.video_id}
    put(events, stars)
    assert Rating.objects.get(video=video).percent == 4
    settings.PERSONALIZE_RATING_SCALE = 5
    put(events, stars | {"sentAt": NOW + timedelta(seconds=1)})
    assert Rating.objects.get(video=video).percent == 80


@pytest.mark.parametrize("value", [0.8, "0.8"])
def test_item_and_value_in_properties_as_in_samples_of_aws(events, value):
    video = make_video()
    properties = {"itemId": video.video_id, "eventValue": value, "device": "TV"}
    put(events, {"eventType": "watch", "properties": json.dumps(properties)})
    assert Watch.objects.get(video=video).watch_time == pytest.approx(0.8)


def test_a_number_as_item_in_properties_and_a_member_before_a_property(events):
    put(events, {"eventType": "like", "properties": '{"itemId": 12}'})
    assert Video.objects.get(source="shop").external_id == "12"
    both = {"itemId": "12", "eventValue": 0.5, "properties": '{"eventValue": 0.9}'}
    put(events, {"eventType": "watch"} | both)
    assert Watch.objects.get().watch_time == pytest.approx(0.5)


def test_one_session_grows_and_a_repeated_event_is_nothing(events):
    user, video = make_user(username="ann"), make_video()
    click = {"eventType": "click", "itemId": video.video_id, "eventId": "1"}
    put(events, click)
    put(events, {"eventType": "watch", "itemId": video.video_id, "eventValue": 0.9})
    put(events, click | {"eventType": "watch", "eventValue": 1.0})
    watch = Watch.objects.get(user=user, video=video)
    assert watch.watch_time == pytest.approx(0.9)
    video.refresh_from_db()
    assert video.views == 1
    put(events, click | {"eventId": "2"}, session="another")
    assert Watch.objects.count() == 2


def test_the_next_call_follows(events, runtime):
    videos = [make_video() for _ in range(4)]
    make_user(username="ann")
    disliked, seen = (video.video_id for video in videos[:2])
    put(
        events,
        {"eventType": "not_interested", "itemId": disliked},
        {"eventType": "watch", "itemId": seen, "eventValue": 1.0},
    )
    answer = runtime.get_recommendations(campaignArn=TOP_PICKS, userId="ann")
    shown = {item["itemId"] for item in answer["itemList"]}
    assert shown == {video.video_id for video in videos[2:]}


def test_a_visitor_is_counted_once_when_they_turn_out_to_be_somebody(events):
    video = make_video()
    event = {"eventType": "watch", "eventValue": 0.7, "itemId": video.video_id}
    events.put_events(
        trackingId="t", sessionId="s", eventList=[event | {"sentAt": NOW}]
    )
    assert AnonymousView.objects.count() == 1
    put(events, event)
    assert AnonymousView.objects.count() == 0
    video.refresh_from_db()
    assert video.views == 1


def test_who_and_what_nobody_knew_are_made_and_stay_unlisted(events, runtime):
    put(events, {"eventType": "watch", "itemId": "i-1", "eventValue": 0.8})
    user = User.objects.get(source="shop", external_id="ann")
    assert not user.has_usable_password()
    video = Video.objects.get(source="shop", external_id="i-1")
    assert video.visibility == Video.Visibility.UNLISTED
    assert Watch.objects.get().user == user
    properties = {
        "title": "Blue",
        "url": "https://shop.example/1",
        "categoryL1": "Music",
        "categoryL2": "Jazz",
        "creationTimestamp": 1_700_000_000,
        "duration": 90.5,
    }
    events.put_items(
        datasetArn=ITEMS,
        items=[{"itemId": "i-1", "properties": json.dumps(properties)}],
    )
    video.refresh_from_db()
    assert (video.title, video.duration, video.visibility) == ("Blue", 90.5, "public")
    assert [str(category) for category in video.categories.all()] == ["Jazz"]
    events.put_items(
        datasetArn=ITEMS,
        items=[{"itemId": "i-1", "properties": '{"title": "Bluer", "genres": "Folk"}'}],
    )
    video.refresh_from_db()
    assert video.title == "Bluer"
    assert [str(category) for category in video.categories.all()] == ["Folk"]
    answer = runtime.get_recommendations(campaignArn=TOP_PICKS, userId="b")
    assert [item["itemId"] for item in answer["itemList"]] == ["i-1"]


def test_users(events):
    for _ in range(2):
        events.put_users(
            datasetArn=USERS,
            users=[{"userId": "u-1", "properties": '{"age": 30}'}, {"userId": "u-2"}],
        )
    made = User.objects.filter(source="shop").values_list("external_id", flat=True)
    assert sorted(made) == ["u-1", "u-2"]


def test_impressions_join_what_was_shown_with_what_was_chosen(events, runtime):
    make_user(username="ann")
    videos = [make_video() for _ in range(3)]
    answer = runtime.get_recommendations(campaignArn=TOP_PICKS, userId="ann")
    shown = [item["itemId"] for item in answer["itemList"]]
    put(
        events,
        {
            "eventType": "watch",
            "eventValue": 0.9,
            "itemId": shown[1],
            "impression": shown,
            "recommendationId": answer["recommendationId"],
        },
    )
    feed_id = answer["recommendationId"].removeprefix("RID-")
    rows = Impression.objects.filter(feed_id=feed_id).order_by("position")
    assert [row.video.video_id for row in rows] == shown
    assert [bool(row.clicked_at) for row in rows] == [False, True, False]
    assert Watch.objects.get(feed_id=feed_id).video in videos


@pytest.mark.parametrize(
    "event",
    [
        {"eventType": "purchase", "itemId": "i"},
        {"eventType": "watch", "itemId": "i", "eventValue": 1.5},
        {"eventType": "watch", "itemId": "i", "eventValue": -0.1},
        {"eventType": "watch"},
        {"eventType": "watch", "itemId": "i", "sentAt": NOW + timedelta(hours=1)},
        {"eventType": "watch", "itemId": "i\0"},
        {"eventType": "watch", "properties": "[1]"},
        {"eventType": "watch", "properties": '{"itemId": ["i"]}'},
        {"eventType": "watch", "properties": '{"itemId": "i", "eventValue": true}'},
        {"eventType": "watch", "properties": '{"itemId": "i", "eventValue": 2}'},
    ],
)
def test_a_batch_with_a_bad_event_is_refused_whole(events, event):
    video = make_video()
    good = {"eventType": "watch", "itemId": video.video_id, "sentAt": NOW}
    code = refused(
        events.put_events,
        trackingId="t",
        userId="ann",
        sessionId="s",
        eventList=[good, {"sentAt": NOW} | event],
    )
    assert code in ("InvalidInputException", "SerializationException")
    assert not Watch.objects.exists()
    assert not User.objects.filter(source="shop").exists()


def test_limits_of_a_batch(events):
    many = [{"itemId": str(number)} for number in range(11)]
    assert refused(events.put_items, datasetArn=ITEMS, items=many) == (
        "InvalidInputException"
    )
    bad = [{"itemId": "i", "properties": '{"duration": "long"}'}]
    assert refused(events.put_items, datasetArn=ITEMS, items=bad) == (
        "InvalidInputException"
    )
    assert not Video.objects.exists()


def test_while_a_dataset_is_imported_nothing_is_made(events, monkeypatch):
    monkeypatch.setattr(datasets, "PATIENCE", timedelta(milliseconds=50))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [IMPORT_LOCK])
        users = [{"userId": "u-1"}]
        code = refused(events.put_users, datasetArn=USERS, users=users)
        assert code == "ResourceInUseException"
    finally:
        other.close()
    events.put_users(datasetArn=USERS, users=users)
    assert User.objects.filter(source="shop", external_id="u-1").exists()
