"""Recommendations and rankings: whose, of what, how many, and with what beside."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from accounts.tests.factories import make_user
from interactions import services as interactions
from interactions.tests.factories import watch
from recommender.admin.feeds import PersonalizeFilterForm
from recommender.compat.personalize.filter_language import BadFilter, parse
from recommender.models import FeedSession
from recommender.tests.compat.personalize.aws import ARN, SIMILAR, TOP_PICKS
from videos.tests.factories import make_category, make_parent_category, make_video

pytestmark = pytest.mark.django_db


def picks(runtime, **asked):
    answer = runtime.get_recommendations(
        **({"campaignArn": TOP_PICKS, "userId": "ann"} | asked)
    )
    return [item["itemId"] for item in answer["itemList"]]


def error(call, **asked):
    with pytest.raises(ClientError) as refused:
        call(**asked)
    response = refused.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_ids_are_those_of_the_source_else_our_own(runtime):
    make_video(source="shop", external_id="i-1")
    ours, other = make_video(), make_video(source="elsewhere", external_id="i-9")
    assert set(picks(runtime)) == {"i-1", ours.video_id, other.video_id}
    namesake = make_user(username="7")
    imported = make_user(username="shop-7", source="shop", external_id="7")
    watch(ours, user=imported)
    watch(other, user=namesake)
    assert ours.video_id not in picks(runtime, userId="7")
    assert other.video_id in picks(runtime, userId="7")


def test_a_recommendation_is_a_feed_with_reasons(runtime):
    for _ in range(30):
        make_video()
    user = make_user(username="ann")
    answer = runtime.get_recommendations(campaignArn=TOP_PICKS, userId="ann")
    assert len(answer["itemList"]) == 25
    assert all(item["reason"][0] and item["score"] for item in answer["itemList"])
    feed_id = answer["recommendationId"].removeprefix("RID-")
    assert FeedSession.objects.get(feed_id=feed_id).user == user
    assert len(picks(runtime, numResults=3)) == 3
    assert len(picks(runtime, numResults=100)) == 30
    assert picks(runtime, numResults=0) == []


def test_similar_items_follow_the_item_and_an_unknown_one_is_no_error(runtime):
    jazz = make_category()
    first, second = (make_video(categories=[jazz]) for _ in range(2))
    other = make_video()
    found = picks(runtime, campaignArn=SIMILAR, itemId=first.video_id)
    assert found[0] == second.video_id
    assert first.video_id not in found
    unknown = runtime.get_recommendations(recommenderArn=SIMILAR, itemId="nothing")
    assert other.video_id in {item["itemId"] for item in unknown["itemList"]}


def test_metadata_columns(runtime):
    parent = make_parent_category(name="Music")
    jazz = make_category(name="Jazz", parent_category=parent)
    video = make_video(title="Blue", categories=[jazz])
    asked = {"campaignArn": TOP_PICKS, "userId": "ann"}
    columns = {"ITEMS": ["TITLE", "url", "CATEGORY_L1", "CATEGORY_L2"]}
    answer = runtime.get_recommendations(**asked, metadataColumns=columns)
    assert answer["itemList"][0]["metadata"] == {
        "TITLE": "Blue",
        "url": video.external_url,
        "CATEGORY_L1": "Music",
        "CATEGORY_L2": "Jazz",
    }
    for bad in ({"ITEMS": ["PRICE"]}, {"USERS": ["AGE"]}):
        found = error(runtime.get_recommendations, **asked, metadataColumns=bad)
        assert found == (400, "InvalidInputException")
    too_many = {"metadataColumns": columns, "numResults": 51}
    found = error(runtime.get_recommendations, **asked, **too_many)
    assert found == (400, "InvalidInputException")


def test_filters_by_category_and_by_what_was_done(runtime):
    jazz, folk = make_category(name="Jazz"), make_category(name="Folk")
    user = make_user(username="ann")
    seen, glanced, liked = (make_video(categories=[jazz]) for _ in range(3))
    elsewhere = make_video(categories=[folk])
    watch(seen, user=user)
    watch(glanced, user=user, fraction=0.1)
    interactions.like(user=user, video=liked)

    def by(name, **values):
        return set(
            picks(runtime, filterArn=f"{ARN}:filter/{name}", filterValues=values)
        )

    assert by("category", CATEGORY='"Jazz"') == {glanced.video_id, liked.video_id}
    assert by("category", CATEGORY='"Folk","Nothing"') == {elsewhere.video_id}
    assert by("category", CATEGORY="Folk") == {elsewhere.video_id}
    assert by("category", CATEGORY=folk.parent_category.name) == {elsewhere.video_id}
    assert by("not-seen") == {elsewhere.video_id}
    for name, expression in {
        "liked": 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Like")',
        "again": 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")',
        "both": 'INCLUDE ItemID WHERE Items.GENRES IN ("Jazz") | '
        'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("like")',
        "neither": 'exclude itemid where Items.GENRES IN ("Jazz") or '
        "Items.CATEGORY_L2 NOT IN ($LEFT)",
    }.items():
        PersonalizeFilterForm({"name": name, "expression": expression}).save()
    assert by("liked") == {liked.video_id}
    assert by("again") == {seen.video_id}
    assert by("both") == {glanced.video_id}
    assert by("neither", LEFT='"Folk"') == {elsewhere.video_id}


def test_filters_that_cannot_be(runtime):
    asked = {"campaignArn": TOP_PICKS, "userId": "ann"}
    unknown = f"{ARN}:filter/none"
    found = error(runtime.get_recommendations, **asked, filterArn=unknown)
    assert found == (404, "ResourceNotFoundException")
    lacking = f"{ARN}:filter/category"
    found = error(runtime.get_recommendations, **asked, filterArn=lacking)
    assert found == (400, "InvalidInputException")


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "INCLUDE",
        "INCLUDE ItemID WHERE Items.PRICE IN (1)",
        'INCLUDE UserID WHERE Items.GENRES IN ("a")',
        'INCLUDE ItemID WHERE Items.GENRES IN ("a"',
        'INCLUDE ItemID WHERE Items.GENRES IN ("a") AND Items.GENRES IN ("b") OR '
        'Items.GENRES IN ("c")',
        'INCLUDE ItemID WHERE Items.GENRES LIKE ("a")',
        "INCLUDE ItemID WHERE Items.GENRES IN (a)",
        'INCLUDE ItemID WHERE Items.GENRES IN ("a") ; DROP',
    ],
)
def test_expressions_that_cannot_be_read(expression):
    with pytest.raises(BadFilter):
        parse(expression)
    form = PersonalizeFilterForm({"name": "bad", "expression": expression})
    assert "expression" in form.errors


def test_a_ranking_holds_what_was_given_and_puts_the_unknown_last(runtime):
    user = make_user(username="ann")
    videos = [make_video() for _ in range(4)]
    watch(videos[0], user=user)
    interactions.not_interested(user=user, video=videos[1])
    private = make_video(visibility="private")
    given = [
        *("unknown", private.video_id),
        *(video.video_id for video in videos),
        videos[2].video_id,
    ]
    answer = runtime.get_personalized_ranking(
        campaignArn=TOP_PICKS, userId="ann", inputList=given
    )
    ranked = answer["personalizedRanking"]
    shown = {videos[0].video_id, videos[2].video_id, videos[3].video_id}
    assert {item["itemId"] for item in ranked[:3]} == shown
    assert [item["itemId"] for item in ranked[3:]] == [
        *("unknown", private.video_id, videos[1].video_id)
    ]
    assert all(("score" in item) is (item["itemId"] in shown) for item in ranked)


@pytest.mark.parametrize(
    "asked",
    [
        {"userId": "ann"},
        {"campaignArn": TOP_PICKS},
        {"campaignArn": SIMILAR, "userId": "ann"},
        {"campaignArn": "top-picks", "userId": "ann"},
        {"campaignArn": TOP_PICKS, "userId": "x" * 257},
        {"campaignArn": TOP_PICKS, "userId": "ann", "numResults": 501},
        {"campaignArn": TOP_PICKS, "userId": "ann", "promotions": [{"name": "a"}]},
        {
            "campaignArn": TOP_PICKS,
            "userId": "ann",
            "filterArn": f"{ARN}:filter/category",
            "filterValues": {"not allowed": "x"},
        },
    ],
)
def test_input_that_cannot_be(runtime, asked):
    assert error(runtime.get_recommendations, **asked) == (400, "InvalidInputException")


def test_a_ranking_of_too_many(runtime):
    found = error(
        runtime.get_personalized_ranking,
        campaignArn=TOP_PICKS,
        userId="ann",
        inputList=[str(number) for number in range(501)],
    )
    assert found == (400, "InvalidInputException")
