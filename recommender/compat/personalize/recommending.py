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
from recommender.feeds.filtered import (
    Narrow,
    NarrowedHome,
    NarrowedListing,
    NarrowedRelated,
)
from recommender.feeds.pagination import Entry, Plan
from recommender.models import PersonalizeFilter
from recommender.retrieval import eligible
from recommender.retrieval.viewer import Viewer
from videos.models import Video

KIND = "personalize"
SIMILAR = "similar-items"  # how the name of such a campaign or recommender ends
RESULTS, MOST_RESULTS, MOST_WITH_METADATA, MOST_COLUMNS = 25, 500, 50, 10
RECOMMENDATION = "RID-"

Members = dict[str, Any]
Columns = dict[str, Callable[[Video], str]]


def get_recommendations(client: ServiceClient, asked: Members) -> Members:
    """What to watch next, or what is like an item.

    Somebody unknown gets what a visitor does, and so does an unknown item, as with
    Personalize's own recipes.
    """
    if "promotions" in asked:
        raise InvalidInput("Promotions are not served here.")
    columns = _columns(asked)
    most = MOST_WITH_METADATA if columns else MOST_RESULTS
    size = asked.get("numResults", RESULTS)
    if size > most:
        raise InvalidInput(f"numResults must be at most {most}.")
    viewer = _viewer(client, asked.get("userId"))
    page = pagination.page(_plan(client, asked, viewer), cursor="", size=size)
    shown = [(item.video, item.score, item.reason) for item in page.items]
    return {
        "itemList": _predicted(client, shown, columns),
        "recommendationId": f"{RECOMMENDATION}{page.feed_id.hex}",
    }


def get_personalized_ranking(client: ServiceClient, asked: Members) -> Members:
    """The items given, in the order that suits the person.

    What the platform does not know, or may not show, stands last and has no score.
    """
    item_ids = list(dict.fromkeys(asked["inputList"]))
    if len(item_ids) > MOST_RESULTS:
        raise InvalidInput(f"inputList must have at most {MOST_RESULTS} items.")
    columns = _columns(asked)
    viewer = _viewer(client, asked["userId"])
    narrow = _narrow(asked, viewer)
    known = identities.videos(client, item_ids, narrow(eligible.listed(viewer)))
    by_key = {video.pk: video for video in known.values()}
    plan = NarrowedListing(
        viewer, KIND, narrow=lambda videos: videos.filter(pk__in=by_key)
    )
    entries = _all_of(plan)
    ranked = [(by_key[entry.video_id], entry.score, entry.reason) for entry in entries]
    rest = []
    if "filterArn" not in asked:
        rest = [{"itemId": item_id} for item_id in item_ids if item_id not in known]
    return {
        "personalizedRanking": _predicted(client, ranked, columns) + rest,
        "recommendationId": f"{RECOMMENDATION}{uuid.uuid4().hex}",
    }


def _plan(client: ServiceClient, asked: Members, viewer: Viewer) -> Plan:
    arn = asked.get("recommenderArn") or asked.get("campaignArn")
    if arn is None:
        raise InvalidInput("campaignArn or recommenderArn is required.")
    narrow = _narrow(asked, viewer)
    told = {"arn": arn, "filter": asked.get("filterArn", "")}
    if _name(arn).lower().endswith(SIMILAR):
        if "itemId" not in asked:
            raise InvalidInput("itemId is required for similar items.")
        item_id = asked["itemId"]
        beside = identities.videos(client, [item_id], eligible.listed(viewer))
        if beside:
            return NarrowedRelated(viewer, beside[item_id], narrow, told, KIND)
    elif "userId" not in asked:
        raise InvalidInput("userId is required.")
    return NarrowedHome(viewer, None, narrow, told, KIND)


def _all_of(plan: Plan) -> list[Entry]:
    entries: list[Entry] = []
    while more := plan.extend(entries, pagination.PLAN_SIZE):
        entries += more
    return entries


def _viewer(client: ServiceClient, user_id: str | None) -> Viewer:
    user = identities.person(client, user_id) if user_id else None
    return Viewer(user or AnonymousUser())


def _narrow(asked: Members, viewer: Viewer) -> Narrow:
    query = _condition(asked, viewer)
    return lambda videos: videos.filter(query)


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
    """What to tell of each item, by the name that the client used for it."""
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
            item["metadata"] = {name: tell(video) for name, tell in columns.items()}
        items.append(item)
    return items
