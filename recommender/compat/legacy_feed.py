"""The endpoints of the older systems, `/feed` and `/posts/all`, for service clients.

Pages are numbered from 1. In the envelope `page_size` is the number of rows,
`max_page_size` the number requested. A page with fewer rows is not always the last one;
an empty page is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.flic_token import FlicToken, IsServiceClient
from accounts.models import ServiceClient, User
from accounts.moods import Mood
from recommender.feeds import ordering, pagination
from recommender.feeds.filtered import filtered
from recommender.feeds.home import Home
from recommender.feeds.ordering import NoSuchOrdering
from recommender.feeds.types import FOR_YOU
from recommender.ranking import features
from recommender.registry import serving
from recommender.retrieval.viewer import Viewer
from rest.requests import validated_query
from videos.models import Category, Topic, Video, VideoMood

MOST_ROWS = 1000  # of one page
DEFAULT_ROWS = 10
LAST_PAGE = 10**6
FILTERS = ("category_id", "project_code", "mood")


class AllPostsQuery(serializers.Serializer[Any]):
    page = serializers.IntegerField(default=1, min_value=1, max_value=LAST_PAGE)
    page_size = serializers.IntegerField(
        default=DEFAULT_ROWS, min_value=1, max_value=MOST_ROWS
    )
    category_id = serializers.CharField(required=False, max_length=256)
    project_code = serializers.CharField(required=False, max_length=100)
    mood = serializers.ChoiceField(Mood.choices, required=False)


class FeedQuery(AllPostsQuery):
    """`model` names a model that ranks alone, `strategy` any ordering."""

    username = serializers.CharField(max_length=150)
    model = serializers.CharField(required=False, max_length=40)
    strategy = serializers.CharField(default=FOR_YOU, max_length=40)


class ServiceView(APIView):
    """For service clients only; outside `/api/v1` and its schema."""

    authentication_classes = [FlicToken]
    permission_classes = [IsServiceClient]
    throttle_classes = []  # one client requests feeds of many people
    schema = None


class FeedView(ServiceView):
    """One person's feed, in a category, a project or a mood."""

    def get(self, request: Request) -> Response:
        asked = validated_query(request, FeedQuery)
        client = request.auth if isinstance(request.auth, ServiceClient) else None
        user = _person(client, asked["username"])
        filters = _filters(asked)
        caller = client.client_id if client else ""
        viewer = Viewer(user)
        feed = filtered(
            Home(viewer, serving.active_model),
            filters,
            kind="posts",
            parameters={"caller": caller}
            | {name: asked[name] for name in FILTERS if name in asked},
        )
        try:
            shown = ordering.ordered(feed, asked.get("model", asked["strategy"]))
        except NoSuchOrdering as error:
            raise NotFound(str(error)) from error
        page = pagination.numbered(shown, number=asked["page"], size=asked["page_size"])
        features.write(page.feed_id, viewer, page.logged)
        rows = [
            _row(request, item.video, item.score, item.source, item.reason)
            for item in page.items
        ]
        return _envelope(asked, rows)


class AllPostsView(ServiceView):
    """All listed videos, the oldest first, so that a new video shifts no page.

    The relevance score is the engagement of all viewers.
    """

    def get(self, request: Request) -> Response:
        asked = validated_query(request, AllPostsQuery)
        start = (asked["page"] - 1) * asked["page_size"]
        videos = Video.objects.listed().filter(_filters(asked)).order_by("pk")
        rows = [
            _row(request, video, video.engagement, "catalogue", "In the catalogue")
            for video in videos[start : start + asked["page_size"]]
        ]
        return _envelope(asked, rows)


def _person(client: ServiceClient | None, username: str) -> User:
    """The user with this external name, else with this username; raises `NotFound`.

    Users of the client's own source come first.
    """
    people = User.objects.filter(is_active=True)
    imported = list(people.filter(external_username=username).order_by("pk")[:100])
    own = [user for user in imported if client and user.source == client.source]
    found = [*own, *imported][:1] or list(people.filter(username__iexact=username)[:1])
    if not found:
        raise NotFound(f"There is no user {username}.")
    return found[0]


def _filters(asked: dict[str, Any]) -> Q:
    """The condition on videos; raises `NotFound` for an unknown category or project."""
    filters = Q()
    if "category_id" in asked:
        categories = Category.objects.filter(external_id=asked["category_id"])
        keys = list(categories.values_list("pk", flat=True))
        if not keys:
            raise NotFound(f"There is no category {asked['category_id']}.")
        filters &= Q(pk__in=Video.objects.in_categories(keys).values("pk"))
    if "project_code" in asked:
        topics = Topic.objects.filter(project_code=asked["project_code"])
        keys = list(topics.values_list("pk", flat=True))
        if not keys:
            raise NotFound(f"There is no project {asked['project_code']}.")
        filters &= Q(topic__in=keys)
    if "mood" in asked:
        moods = VideoMood.objects.filter(mood=asked["mood"])
        filters &= Q(pk__in=moods.values("video"))
    return filters


def _row(
    request: Request, video: Video, score: float, source: str, reason: str
) -> dict[str, Any]:
    address = video.external_url or request.build_absolute_uri(video.get_absolute_url())
    return {
        "id": video.external_id or video.video_id,
        "title": video.title,
        "url": address,
        "relevance_score": score,
        "source": source,
        "reason": reason,
    }


def _envelope(asked: dict[str, Any], rows: Sequence[dict[str, Any]]) -> Response:
    return Response(
        {
            "status": "success",
            "message": f"{len(rows)} posts" if rows else "There are no more posts.",
            "page": asked["page"],
            "page_size": len(rows),
            "max_page_size": asked["page_size"],
            "posts": rows,
        }
    )
