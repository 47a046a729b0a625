"""Batches of events: `POST /api/v1/events/`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ValidationError

from accounts.tests.factories import make_user
from interactions import tasks
from interactions.api.parsing import parse
from interactions.api.serializers import MAX_EVENTS, OLDEST, SERIALIZERS
from interactions.models import AnonymousView, Event, Impression, Watch
from videos.models import Video
from videos.tests.factories import make_category, make_video

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_limits_left_over():
    cache.clear()


def watch_event(video: Video, **overrides: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "type": "watch",
        "video_id": video.video_id,
        "session_id": str(uuid4()),
        "fraction": 0.5,
        "seconds": 30.0,
        "position": 31.0,
        "at": timezone.now().isoformat(),
    } | overrides


def shown_event(video: Video, kind: str = "impression", **overrides: Any) -> Any:
    return {
        "id": str(uuid4()),
        "type": kind,
        "video_id": video.video_id,
        "feed_id": str(uuid4()),
        "feed_position": 3,
        "source": "trending",
        "at": timezone.now().isoformat(),
    } | overrides


def send(client: Client, *events: Any, **extra: Any) -> Any:
    return client.post(
        reverse("events"), {"events": events}, content_type="application/json", **extra
    )


def statuses(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [result["status"] for result in answer.json()["results"]]


def views(video: Video) -> int:
    return Video.objects.values_list("views", flat=True).get(pk=video.pk)


def test_a_session_counts_as_a_view_once(client: Client):
    user, video, session = make_user(), make_video(), str(uuid4())
    client.force_login(user)
    reports = [
        watch_event(video, session_id=session, fraction=fraction, seconds=fraction * 60)
        for fraction in (0.1, 0.29)
    ]
    assert statuses(send(client, *reports)) == ["recorded", "recorded"]
    assert views(video) == 0
    feed = str(uuid4())
    more = [
        watch_event(video, session_id=session, fraction=fraction, feed_id=feed)
        for fraction in (0.3, 0.9, 0.6)
    ]
    assert statuses(send(client, *more)) == ["recorded"] * 3
    watch = Watch.objects.get()
    assert (watch.user, watch.watch_time, watch.counted) == (user, 0.9, True)
    assert (watch.position, str(watch.feed_id)) == (31.0, feed)
    assert views(video) == 1


def test_a_retry_is_a_no_op(client: Client):
    client.force_login(make_user())
    video = make_video()
    batch = [watch_event(video), shown_event(video), shown_event(video, "click")]
    assert statuses(send(client, *batch)) == ["recorded"] * 3
    assert statuses(send(client, *batch)) == ["duplicate"] * 3
    earlier = (timezone.now() - timedelta(hours=2)).isoformat()
    again = watch_event(video, at=earlier)
    assert statuses(send(client, batch[0], again, batch[0])) == [
        "duplicate",
        "recorded",
        "duplicate",
    ]
    assert (Watch.objects.count(), Event.objects.count(), views(video)) == (2, 4, 2)


def test_good_events_are_taken_in_beside_bad_ones(client: Client):
    client.force_login(make_user())
    video, good = make_video(), watch_event(make_video())
    bad: list[Any] = [
        "not an object",
        None,
        {},
        watch_event(video, id="7"),
        watch_event(video, type="applause"),
        watch_event(video, type=["watch"]),
        watch_event(video, fraction=1.01),
        watch_event(video, fraction=-0.01),
        watch_event(video, fraction="nan"),
        watch_event(video, seconds="inf"),
        watch_event(video, position=None),
        watch_event(video, session_id="x"),
        watch_event(video, at="yesterday"),
        watch_event(video, at=(timezone.now() - OLDEST * 1.01).isoformat()),
        watch_event(video, at=(timezone.now() + timedelta(hours=1)).isoformat()),
        watch_event(video, video_id="nowhere"),
        watch_event(video, video_id={"a": 1}),
        shown_event(video, feed_position=-1),
        shown_event(video, feed_position=10**12),
        shown_event(video, feed_id=None),
        shown_event(video, source="x" * 41),
    ]
    answer = send(client, *bad[:9], good, *bad[9:])
    assert statuses(answer) == (
        ["rejected"] * 9 + ["recorded"] + ["rejected"] * (len(bad) - 9)
    )
    results = answer.json()["results"]
    assert [result["index"] for result in results] == list(range(len(bad) + 1))
    assert results[9]["id"] == good["id"]
    assert all(result["errors"] for result in results if "errors" in result)
    assert list(results[6]["errors"]) == ["fraction"]
    assert Event.objects.count() == Watch.objects.count() == 1


def test_a_rejected_event_may_be_sent_again_once_it_is_right(client: Client):
    client.force_login(make_user())
    event = watch_event(make_video(), fraction=2)
    assert statuses(send(client, event)) == ["rejected"]
    assert statuses(send(client, event | {"fraction": 1})) == ["recorded"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 400),
        ("{}", 400),
        ('{"events": []}', 400),
        ('{"events": {"0": {}}}', 400),
        ('{"events": [NaN]}', 400),
        (json.dumps({"events": [{}] * (MAX_EVENTS + 1)}), 413),
        (json.dumps({"events": [{"type": "x" * 300_000}]}), 413),
    ],
)
def test_a_malformed_batch_is_a_problem(client: Client, body: str, status: int):
    answer = client.post(reverse("events"), body, content_type="application/json")
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert {"type", "title", "detail"} <= problem.keys()


def test_other_methods_and_types_are_problems(client: Client):
    assert client.get(reverse("events")).status_code == 405
    answer = client.post(reverse("events"), {"events": "x"})
    assert answer.status_code == 415
    assert answer["Content-Type"] == "application/problem+json"


def test_what_one_may_not_see_is_unknown(client: Client):
    owner, stranger = make_user(), make_user()
    video = make_video(creator=owner, visibility=Video.Visibility.PRIVATE)
    assert statuses(send(client, watch_event(video))) == ["rejected"]
    client.force_login(stranger)
    assert statuses(send(client, watch_event(video))) == ["rejected"]
    client.force_login(owner)
    assert statuses(send(client, watch_event(video))) == ["recorded"]


def test_visitors_count_as_views_once_a_session(client: Client):
    video, session = make_video(), str(uuid4())
    for fraction in (0.2, 0.4, 1.0):
        send(client, watch_event(video, session_id=session, fraction=fraction))
    assert views(video) == 1
    send(client, watch_event(video))
    assert views(video) == 2
    assert not Watch.objects.exists()
    assert AnonymousView.objects.count() == 2


def test_visitors_sessions_are_limited_by_address(client: Client, monkeypatch):
    monkeypatch.setattr(
        "interactions.throttles.AnonymousSessionThrottle.THROTTLE_RATES",
        {"anonymous_sessions": "3/hour"},
    )
    video = make_video()
    first = watch_event(video)
    for event in (first, watch_event(video), watch_event(video)):
        assert statuses(send(client, event)) == ["recorded"]
    again = first | {"id": str(uuid4()), "fraction": 0.9}
    assert statuses(send(client, again)) == ["recorded"]

    # A forwarded address is believed from a trusted proxy alone.
    answer = send(client, watch_event(video), headers={"X-Forwarded-For": "10.9.8.7"})
    assert answer.status_code == 429
    assert answer["Content-Type"] == "application/problem+json"
    assert 3500 < int(answer["Retry-After"]) <= 3600
    assert views(video) == 3

    assert statuses(send(client, shown_event(video))) == ["recorded"]
    assert statuses(send(client, watch_event(video), REMOTE_ADDR="10.0.0.2")) == [
        "recorded"
    ]
    client.force_login(make_user())
    assert statuses(send(client, watch_event(video))) == ["recorded"]


def test_someone_logged_in_needs_the_token():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    event = watch_event(make_video())
    assert send(client, event).status_code == 403
    client.get(reverse("history"))
    token = client.cookies["csrftoken"].value
    answer = send(client, event, headers={"X-CSRFToken": token})
    assert statuses(answer) == ["recorded"]


def test_a_clock_that_is_a_little_fast_is_set_right(client: Client):
    client.force_login(make_user())
    ahead = timezone.now() + timedelta(minutes=3)
    send(client, watch_event(make_video(), at=ahead.isoformat()))
    assert Watch.objects.get().timestamp <= timezone.now()


def test_clicks_mark_their_impression_once(client: Client):
    user, video = make_user(), make_video()
    client.force_login(user)
    shown = shown_event(video)
    first = (timezone.now() - timedelta(minutes=2)).isoformat()
    click = shown | {"type": "click", "id": str(uuid4()), "at": first}
    later = shown | {"type": "click", "id": str(uuid4())}
    send(client, shown, click, later)
    impression = Impression.objects.get()
    assert (impression.user, impression.position) == (user, 3)
    assert impression.source == "trending"
    assert impression.clicked_at == parse_datetime(first)


def test_a_click_may_overtake_its_impression_and_is_not_a_strangers(client: Client):
    user, video = make_user(), make_video()
    client.force_login(user)
    shown = shown_event(video)
    client.force_login(make_user())
    send(client, shown | {"type": "click", "id": str(uuid4())}, shown)
    impression = Impression.objects.get()
    assert impression.clicked_at is not None
    Impression.objects.update(clicked_at=None)
    client.force_login(user)
    send(client, shown | {"type": "click", "id": str(uuid4())})
    impression.refresh_from_db()
    assert impression.clicked_at is None


def test_who_records_nothing_leaves_only_a_view(client: Client):
    video = make_video()
    client.force_login(make_user(record_history=False))
    send(client, watch_event(video), shown_event(video))
    assert views(video) == 1
    assert not Watch.objects.exists()
    assert not Impression.objects.exists()


def test_old_event_ids_are_forgotten(client: Client):
    video = make_video()
    send(client, shown_event(video), shown_event(video))
    old = Event.objects.latest("received_at")
    Event.objects.filter(pk=old.pk).update(
        received_at=timezone.now() - OLDEST - timedelta(days=2)
    )
    assert tasks.forget_events.call() == 1
    assert Event.objects.count() == 1
    assert not Event.objects.filter(pk=old.pk).exists()


def test_a_full_batch_stays_within_its_queries(client, django_assert_max_num_queries):
    client.force_login(make_user())
    videos = [make_video(categories=[make_category()]) for _ in range(10)]
    batch = [watch_event(video) for video in videos * 10]
    batch += [shown_event(video, "click") for video in videos]
    with django_assert_max_num_queries(20):
        assert statuses(send(client, *batch)) == ["recorded"] * len(batch)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"fraction": 1, "seconds": 0},
        {"feed_id": str(uuid4()), "feed_position": 7},
        {"feed_id": None, "feed_position": None},
        {"at": (timezone.now() + timedelta(minutes=3)).isoformat()},
        {"id": uuid4().hex, "at": "2026-11-20T12:00:00+02:00"},
        {"video_id": "  spaces  "},
        {"unknown": {"a": 1}},
    ],
)
def test_events_are_read_as_their_serializer_reads_them(changes, monkeypatch):
    now = datetime(2026, 11, 21, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    common = {"id": str(uuid4()), "video_id": "some-video_1", "at": now.isoformat()}
    watch = {"session_id": str(uuid4()), "fraction": 0.5, "seconds": 30.25}
    shown = {"feed_id": str(uuid4()), "feed_position": 3, "source": "als"}
    for kind, fields in (("watch", watch), ("impression", shown), ("click", shown)):
        sent = common | fields | {"type": kind} | changes
        serializer = SERIALIZERS[kind]()
        assert outcome(parse, sent) == outcome(serializer.run_validation, sent)


def outcome(read: Any, sent: Any) -> Any:
    try:
        return read(sent)
    except ValidationError as error:
        return error.detail
