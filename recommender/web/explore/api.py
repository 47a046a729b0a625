"""The API of people to follow and the taste map."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recommender.web.explore import people, taste_map
from recommender.web.explore.serializers import (
    SubjectSerializer,
    SuggestionSerializer,
    TasteMapSerializer,
)
from rest.requests import validated_query

MOST_PEOPLE = 24


class PeopleToFollowView(APIView):
    """Creators whom the user does not follow yet, and why, the likeliest first."""

    permission_classes = [AllowAny]

    @extend_schema(responses=SuggestionSerializer(many=True))
    def get(self, request: Request) -> Response:
        found = people.to_follow(request.user, limit=MOST_PEOPLE)
        context = {"request": request}
        return Response(SuggestionSerializer(found, many=True, context=context).data)


class TasteMapView(APIView):
    """The neighbourhood of a video or a person; by default that of the user."""

    permission_classes = [AllowAny]
    problems = {"GET": {404}}

    @extend_schema(parameters=[SubjectSerializer], responses=TasteMapSerializer)
    def get(self, request: Request) -> Response:
        subject = validated_query(request, SubjectSerializer)
        drawn = taste_map.asked_for(
            request.user,
            video_id=subject["video"],
            username=subject["person"],
        )
        if drawn is None:
            raise Http404("There is nothing to draw a map around yet.")
        return Response(TasteMapSerializer(drawn).data)
