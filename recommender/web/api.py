"""The API of feeds."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.moods import Mood
from accounts.requests import member
from recommender import feed
from recommender.feed import FeedPage
from recommender.feeds import ordering
from recommender.feeds.explain import explain
from recommender.retrieval.viewer import Viewer
from recommender.web.serializers import (
    ExplanationSerializer,
    FeedQuerySerializer,
    FeedSerializer,
    HomeQuerySerializer,
    StrategiesSerializer,
)
from rest.representing import represent
from rest.requests import validated_query
from videos.access import category_by_slug, visible_video


class HomeView(APIView):
    """What to watch next. Nothing that you have seen, until nothing else is left."""

    permission_classes = [AllowAny]
    problems = {"GET": {404}}

    @extend_schema(parameters=[HomeQuerySerializer], responses=FeedSerializer)
    def get(self, request: Request) -> Response:
        asked = validated_query(request, HomeQuerySerializer)
        slug = asked.pop("category", None)
        chosen = category_by_slug(slug) if slug else None
        home = partial(feed.home, request.user, category=chosen)
        return _answer(request, home, asked)


class FollowingFeedView(APIView):
    """From the creators that you follow, the newest first."""

    permission_classes = [IsAuthenticated]

    @extend_schema(parameters=[FeedQuerySerializer], responses=FeedSerializer)
    def get(self, request: Request) -> Response:
        return _answer(request, partial(feed.following, member(request)))


class TrendingFeedView(APIView):
    """What many people have watched this week."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=[FeedQuerySerializer], responses=FeedSerializer)
    def get(self, request: Request) -> Response:
        return _answer(request, partial(feed.explore, request.user))


class CategoryFeedView(APIView):
    """A category or parent category, by its slug."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=[FeedQuerySerializer], responses=FeedSerializer)
    def get(self, request: Request, slug: str) -> Response:
        category = category_by_slug(slug)
        return _answer(request, partial(feed.category, request.user, category))


class MoodFeedView(APIView):
    """Videos of one mood."""

    permission_classes = [AllowAny]

    @extend_schema(
        parameters=[
            OpenApiParameter("mood", enum=Mood.values, location=OpenApiParameter.PATH),
            FeedQuerySerializer,
        ],
        responses=FeedSerializer,
    )
    def get(self, request: Request, mood: str) -> Response:
        if mood not in Mood:
            raise Http404
        return _answer(request, partial(feed.in_mood, request.user, mood))


class RelatedFeedView(APIView):
    """More like this: what to watch after a video."""

    permission_classes = [AllowAny]

    @extend_schema(parameters=[FeedQuerySerializer], responses=FeedSerializer)
    def get(self, request: Request, video_id: str) -> Response:
        video = visible_video(request.user, video_id)
        return _answer(request, partial(feed.related, request.user, video))


def _answer(
    request: Request,
    source: Callable[..., FeedPage],
    asked: dict[str, Any] | None = None,
) -> Response:
    """The page of `source` that is `asked` for, by default in the query."""
    if asked is None:
        asked = validated_query(request, FeedQuerySerializer)
    try:
        page = source(size=asked.pop("limit"), **asked)
    except feed.NoSuchOrdering as error:
        raise ValidationError({"strategy": [str(error)]}) from error
    progress = {item.video.pk: item.progress for item in page.items}
    context = {"request": request, "progress": progress}
    return Response(represent(FeedSerializer, page, context))


class StrategiesView(APIView):
    """The strategies that feeds take at this moment."""

    permission_classes = [AllowAny]

    @extend_schema(responses=StrategiesSerializer)
    def get(self, request: Request) -> Response:
        return Response({"strategies": ordering.available()})


class ExplanationView(APIView):
    """Why a video would be recommended to you."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=ExplanationSerializer)
    def get(self, request: Request, video_id: str) -> Response:
        video = visible_video(request.user, video_id)
        explanation = explain(Viewer(request.user), video)
        return Response(ExplanationSerializer(explanation).data)
