"""Every oddity that the API is known for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from imports.records import DatasetError
from imports.socialverse import rows
from imports.socialverse.client import STREAMS, Client, _rows

POST = {"id": 7, "title": "Bees", "video_link": "https://videos.example/7.mp4"}


@pytest.mark.parametrize(
    ("summary", "description", "tags", "emotions"),
    [
        ([], "", (), ()),
        (None, "", (), ()),
        ({}, "", (), ()),
        ({"description": "On bees"}, "On bees", (), ()),
        ([{"description": "On bees"}], "On bees", (), ()),
        ({"genre": "Documentary, Nature"}, "", ("documentary", "nature"), ()),
        (
            {"keywords": [{"keyword": "Bees", "weight": 9}, {"keyword": "honey"}]},
            "",
            ("bees", "honey"),
            (),
        ),
        ({"emotions": ["joy", "calm"]}, "", (), ("joy", "calm")),
        ({"emotions": "joy, calm"}, "", (), ("joy", "calm")),
        (
            {"emotions": {"mood": "uplifting", "overall_sentiment": "positive"}},
            "",
            (),
            ("uplifting", "positive"),
        ),
        ({"emotions": {"emotions_conveyed": ["awe", "awe"]}}, "", (), ("awe",)),
        ({"emotions": {"joy": 0.9, "fear": 0, "calm": True}}, "", (), ("joy", "calm")),
        ({"emotions": [{"emotion": "joy", "weight": 3}]}, "", (), ("joy",)),
        ({"emotions": 5, "keywords": 3, "description": ["x"]}, "", (), ()),
    ],
)
def test_post_summary_in_all_its_forms(summary, description, tags, emotions):
    post = rows.post(POST | {"post_summary": summary})
    assert (post.description, post.tags, post.emotions) == (description, tags, emotions)


def test_both_forms_of_an_owner():
    flat = rows.post(POST | {"username": "ann", "first_name": "Ann", "last_name": "B"})
    own = rows.post(POST | {"owner": {"username": "ann", "name": "Ann B"}})
    listed = rows.post(POST | {"owner": [{"username": "ann", "first_name": "Ann"}]})
    assert flat.owner == rows.Person("", "ann", "Ann", "B")
    assert own.owner == rows.Person("", "ann", "Ann B")
    assert listed.owner == rows.Person("", "ann", "Ann")
    assert rows.post(POST | {"owner": None, "username": ""}).owner is None


def test_the_rest_of_a_post():
    topic = {"id": 3, "name": "Life", "slug": "life", "project_code": "flic"}
    post = rows.post(
        POST
        | {
            "created_at": 1_700_000_000_000,
            "category": {"id": 2, "name": "Flic", "description": None},
            "topic": topic,
            "tags": ["Honey", "honey", "x" * 99],
            "is_available_in_public_feed": False,
            "is_locked": True,
            "slug": "bees-7",
        }
    )
    assert post.created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert post.category == rows.CategoryRow("2", "Flic", "")
    assert post.topic == rows.TopicRow("3", "Life", "life", "flic", "")
    assert post.tags == ("honey", f"{'x' * 59}…")
    assert (post.in_public_feed, post.locked, post.slug) == (False, True, "bees-7")
    bare = rows.post(POST | {"category": [], "topic": None, "created_at": "soon"})
    assert (bare.category, bare.topic, bare.created_at) == (None, None, None)
    assert (bare.in_public_feed, bare.locked) == (True, False)


@pytest.mark.parametrize(
    ("change", "title"),
    [({"title": ""}, "Post 7"), ({"title": None, "slug": "on-bees"}, "on-bees")],
)
def test_a_post_without_a_title_has_one(change, title):
    assert rows.post(POST | change).title == title


def test_what_postgresql_cannot_store_is_left_out():
    post = rows.post(POST | {"title": "Be\0es \ud800!", "tags": ["a\0b"]})
    assert (post.title, post.tags) == ("Bees !", ("ab",))


def test_a_user_with_both_spellings():
    user = {"id": "12", "username": "ann", "email": "Ann@People.example", "bio": None}
    first = rows.person(user | {"isVerified": True, "website_url": "https://a.example"})
    second = rows.person(user | {"is_verified": 1, "website_url": "a dot example"})
    assert (first.verified, first.website) == (True, "https://a.example")
    assert (second.verified, second.website) == (True, "")
    assert rows.person(user).verified is False
    assert rows.person(user).email == "ann@people.example"


@pytest.mark.parametrize(
    ("percent", "found"), [(1, 1), (100, 100), ("85", 85), (85.4, 85)]
)
def test_ratings_are_percent(percent, found):
    row = {"user_id": 1, "post_id": "2", "rated_at": "2025-05-01 12:00:00"}
    reaction = rows.reaction(row | {"rating_percent": percent}, at="rated_at")
    at = datetime(2025, 5, 1, 12, tzinfo=UTC)
    assert reaction == rows.Reaction("1", "2", at, found)


@pytest.mark.parametrize(
    ("row", "at", "reason"),
    [
        ([], "viewed_at", "the interaction is not an object"),
        ({"post_id": 1}, "viewed_at", "user_id is missing"),
        ({"post_id": None, "user_id": 1}, "viewed_at", "user_id|post_id is missing"),
        ({"post_id": 1, "user_id": 1}, "viewed_at", "viewed_at 'None' is not a time"),
        (
            {"post_id": 1, "user_id": 1, "viewed_at": "2999-01-01 00:00:00"},
            "viewed_at",
            "is not in the past",
        ),
        (
            {"post_id": 1, "user_id": 1, "rating_percent": 101},
            "rated_at",
            "is not within 1 to 100",
        ),
        (POST, "viewed_at", "is RESONANCE_ALGORITHM right"),
    ],
)
def test_what_cannot_be_read_says_why(row, at, reason):
    with pytest.raises(ValueError, match=reason):
        rows.reaction(row, at=at)


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"status": "success", "posts": [1, 2]}, [1, 2]),
        ({"posts": []}, []),
        ({"posts": None}, []),
        ({"posts": {"id": 1}}, [{"id": 1}]),
        ({"status": "success", "post": [1]}, [1]),
    ],
)
def test_envelopes(document, found):
    assert _rows(document, STREAMS["posts"]) == found


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "not an object"),
        ({"status": "error", "posts": []}, "status 'error'"),
        ({"users": []}, "no posts or post"),
    ],
)
def test_envelopes_that_are_none(document, reason):
    with pytest.raises(ValueError, match=reason):
        _rows(document, STREAMS["posts"])


def test_an_address_has_to_be_one():
    with pytest.raises(DatasetError, match="is not a web address"):
        Client(address="api.example", token="t", algorithm="a")
    with pytest.raises(DatasetError, match="set FLIC_TOKEN"):
        Client(address="https://api.example", token="", algorithm="a")
