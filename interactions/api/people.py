"""Whom people follow, and what one watched and liked oneself."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.people import person_named
from accounts.api.serializers import PersonSerializer
from accounts.requests import member
from interactions import services
from interactions.api.serializers import WatchedSerializer
from interactions.models import Follow, Like, Watch
from rest.pagination import PageSerializer, page_serializer, paginated_response
from videos.api.serializers import VideoSerializer
from videos.api.views import video_list
from videos.models import Video
from videos.progress import progress_of


class FollowView(APIView):
    """Follow a person; what they upload comes into the feed."""

    permission_classes = [IsAuthenticated]
    problems = {"PUT": {400}}

    @extend_schema(request=None, responses={204: None})
    def put(self, request: Request, username: str) -> Response:
        """Nobody can follow themselves: that is a 400."""
        services.follow(follower=member(request), followee=person_named(username))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, username: str) -> Response:
        services.unfollow(follower=member(request), followee=person_named(username))
        return Response(status=status.HTTP_204_NO_CONTENT)


class FollowersView(APIView):
    """Who follows a person, the newest first."""

    permission_classes = [AllowAny]
    own, other = "followee", "follower"

    @extend_schema(
        parameters=[PageSerializer], responses=page_serializer(PersonSerializer)
    )
    def get(self, request: Request, username: str) -> Response:
        follows = Follow.objects.filter(
            **{self.own: person_named(username), f"{self.other}__is_active": True}
        ).select_related(self.other)

        def represent(rows: list[Follow]) -> Any:
            people = [getattr(row, self.other) for row in rows]
            context = {"request": request}
            return PersonSerializer(people, many=True, context=context).data

        return paginated_response(
            request, follows, moment="created_at", represent=represent
        )


class FollowingView(FollowersView):
    """Whom a person follows, the newest first."""

    own, other = "follower", "followee"


class HistoryView(APIView):
    """What one watched: the last session of each video, the newest first."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        parameters=[PageSerializer], responses=page_serializer(WatchedSerializer)
    )
    def get(self, request: Request) -> Response:
        def represent(rows: list[Watch]) -> Any:
            progress = progress_of(request.user, [row.video for row in rows])
            context = {"request": request, "progress": progress}
            return WatchedSerializer(rows, many=True, context=context).data

        watches = Watch.objects.history_of(request.user)
        return paginated_response(
            request, watches, moment="timestamp", represent=represent
        )

    @extend_schema(operation_id="me_history_clear", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Forget all of it; likes and comments stay."""
        services.clear_history(user=member(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class HistoryEntryView(APIView):
    """A video in one's history."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, video_id: str) -> Response:
        """Forget that one watched it, even if it is not to be seen any more."""
        watched = Video.objects.filter(watches__user=member(request)).distinct()
        video = get_object_or_404(watched, video_id=video_id)
        services.remove_from_history(user=member(request), video=video)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LikedView(APIView):
    """The videos that one likes, the newest like first."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        parameters=[PageSerializer], responses=page_serializer(VideoSerializer)
    )
    def get(self, request: Request) -> Response:
        def represent(rows: list[Like]) -> Any:
            return video_list(request, [row.video for row in rows])

        likes = Like.objects.liked_by(request.user)
        return paginated_response(
            request, likes, moment="timestamp", represent=represent
        )
