"""GetRecommendations and GetPersonalizedRanking."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, prefetch_related_objects

from accounts.models import ServiceClient
from imports.exporting import ITEM_COLUMNS, ITEM_PREFETCH
from recommender.compat.personalize import filters, identities
from recommender.compat.personalize.errors import InvalidInput, ResourceNotFound
from recommender.compat.personalize.filter_language import BadFilter
from recommender.feeds import pagination
from recommender.feeds.filtered import filtered
from recommender.feeds.home import Home
from recommender.feeds.listing import Listing
from recommender.feeds.pagination import PlannedItem
from recommender.feeds.related import Related
from recommender.feeds.types import Feed
from recommender.models import PersonalizeFilter
from recommender.ranking import features
from recommender.registry import serving
from recommender.retrieval.viewer import Viewer
from videos.models import Video

KIND = "personalize"
SIMILAR = "similar-items"  # how the name of such a campaign or recommender ends
RESULTS, MOST_RESULTS, MOST_WITH_METADATA, MOST_COLUMNS = 25, 500, 50, 10
RECOMMENDATION = "RID-"

Members = dict[str, Any]
Columns = dict[str, Callable[[Video], str]]


def get_recommendations(client: ServiceClient, asked: Members) -> Members:
    """What to watch next, or videos that are similar to an item.

    As in Personalize, an unknown user gets the recommendations of a visitor, and an
    unknown item those of its user.
    """
    if "promotions" in asked:
        raise InvalidInput("Promotions are not served here.")
    columns = _columns(asked)
    most = MOST_WITH_METADATA if columns else MOST_RESULTS
    size = asked.get("numResults", RESULTS)
    if size > most:
        raise InvalidInput(f"numResults must be at most {most}.")
    viewer = _viewer(client, asked.get("userId"))
    page = pagination.page(_feed(client, asked, viewer), cursor="", size=size)
    features.write(page.feed_id, viewer, page.logged)
    shown = [(item.video, item.score, item.reason) for item in page.items]
    return {
        "itemList": _predicted(client, shown, columns),
        "recommendationId": f"{RECOMMENDATION}{page.feed_id.hex}",
    }


def get_personalized_ranking(client: ServiceClient, asked: Members) -> Members:
    """The given items, ranked for the user.

    Unknown and hidden items come last and have no score.
    """
    item_ids = list(dict.fromkeys(asked["inputList"]))
    if len(item_ids) > MOST_RESULTS:
        raise InvalidInput(f"inputList must have at most {MOST_RESULTS} items.")
    columns = _columns(asked)
    viewer = _viewer(client, asked["userId"])
    eligible = viewer.listed_videos().filter(_condition(asked, viewer))
    known = identities.videos(client, item_ids, eligible)
    by_key = {video.pk: video for video in known.values()}
    feed = Listing(viewer, KIND, serving.active_model, condition=Q(pk__in=list(by_key)))
    items = [(item, by_key[item.video_id]) for item in _all_of(feed)]
    ranked = [
        (video, item.score, text)
        for (item, video), text in zip(
            items, pagination.texts_of(feed, items), strict=True
        )
    ]
    rest = []
    if "filterArn" not in asked:
        rest = [{"itemId": item_id} for item_id in item_ids if item_id not in known]
    return {
        "personalizedRanking": _predicted(client, ranked, columns) + rest,
        "recommendationId": f"{RECOMMENDATION}{uuid.uuid4().hex}",
    }


def _feed(client: ServiceClient, asked: Members, viewer: Viewer) -> Feed:
    arn = asked.get("recommenderArn") or asked.get("campaignArn")
    if arn is None:
        raise InvalidInput("campaignArn or recommenderArn is required.")
    condition = _condition(asked, viewer)
    parameters = {"arn": arn, "filter": asked.get("filterArn", "")}
    if _name(arn).lower().endswith(SIMILAR):
        if "itemId" not in asked:
            raise InvalidInput("itemId is required for similar items.")
        item_id = asked["itemId"]
        videos = identities.videos(client, [item_id], viewer.listed_videos())
        if videos:
            video = videos[item_id]
            return filtered(
                Related(viewer, video, serving.active_model),
                condition,
                kind=KIND,
                parameters={"video": video.video_id} | parameters,
            )
    elif "userId" not in asked:
        raise InvalidInput("userId is required.")
    home = Home(viewer, serving.active_model)
    return filtered(home, condition, kind=KIND, parameters=parameters)


def _all_of(feed: Feed) -> list[PlannedItem]:
    items: list[PlannedItem] = []
    while more := feed.extend(items, pagination.PLAN_SIZE):
        items += more
    return items


def _viewer(client: ServiceClient, user_id: str | None) -> Viewer:
    user = identities.person(client, user_id) if user_id else None
    return Viewer(user or AnonymousUser())


def _condition(asked: Members, viewer: Viewer) -> Q:
    if "filterArn" not in asked:
        return Q()
    name = _name(asked["filterArn"])
    own = PersonalizeFilter.objects.filter(name=name).first()
    expression = own.expression if own else filters.BUILT_IN.get(name)
    if expression is None:
        raise ResourceNotFound(
            f"There is no filter {name}: an administrator can add it, with the "
            "expression that it has in Personalize."
        )
    try:
        return filters.condition(expression, asked.get("filterValues", {}), viewer)
    except BadFilter as error:
        raise InvalidInput(str(error)) from error


def _name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _columns(asked: Members) -> Columns:
    """The requested columns of an item, by the name that the client used."""
    wanted = asked.get("metadataColumns", {})
    if wanted.keys() - {"ITEMS"}:
        raise InvalidInput("metadataColumns has columns of ITEMS alone.")
    names = wanted.get("ITEMS", [])
    unknown = [name for name in names if name.upper() not in ITEM_COLUMNS]
    if unknown or len(names) > MOST_COLUMNS:
        raise InvalidInput(
            f"metadataColumns may name {MOST_COLUMNS} of {', '.join(ITEM_COLUMNS)}."
        )
    return {name: ITEM_COLUMNS[name.upper()] for name in names}


def _predicted(
    client: ServiceClient, shown: Sequence[tuple[Video, float, str]], columns: Columns
) -> list[Members]:
    videos = [video for video, _, _ in shown]
    if columns:
        prefetch_related_objects(videos, *ITEM_PREFETCH)
    items = []
    for video, score, reason in shown:
        item = {
            "itemId": identities.item_id(client, video),
            "score": score,
            "reason": [reason],
        }
        if columns:
            item["metadata"] = {name: column(video) for name, column in columns.items()}
        items.append(item)
    return items
