"""Follows, and the user's own history and likes, in the API."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from accounts.api.people import person_named
from accounts.api.serializers import PersonSerializer
from accounts.models import User
from accounts.profiles import shown_follows
from accounts.requests import member
from interactions import services
from interactions.api.serializers import WatchedSerializer
from interactions.models import Follow, Like, Watch
from rest.pagination import PageSerializer, page_serializer, paginated_response
from rest.representing import represent
from videos.api.serializers import VideoSerializer
from videos.api.videos import represent_videos
from videos.models import Video
from videos.progress import progress_of


class FollowView(APIView):
    """Follow a person: their uploads appear in the user's feeds."""

    permission_classes = [IsAuthenticated]
    problems = {"PUT": {400}}

    @extend_schema(request=None, responses={204: None})
    def put(self, request: Request, username: str) -> Response:
        """Follow a person. Following yourself is a 400."""
        services.follow(follower=member(request), followee=person_named(username))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, username: str) -> Response:
        """Stop following a person."""
        services.unfollow(follower=member(request), followee=person_named(username))
        return Response(status=status.HTTP_204_NO_CONTENT)


class FollowerViewSet(GenericViewSet[User]):
    """The followers of a person, newest first, without those who do not show whom they
    follow. It is a 404 if the person does not show the list."""

    serializer_class = PersonSerializer
    permission_classes = [AllowAny]
    other = "follower"

    @extend_schema(
        parameters=[PageSerializer], responses=page_serializer(PersonSerializer)
    )
    def list(self, request: Request, username: str) -> Response:
        follows = shown_follows(person_named(username), request.user, self.other)

        def people_of(rows: list[Follow]) -> Any:
            people = [getattr(row, self.other) for row in rows]
            context = {"request": request}
            return represent(PersonSerializer, people, context, many=True)

        return paginated_response(
            request, follows, moment="created_at", represent=people_of
        )


class FollowingViewSet(FollowerViewSet):
    """The people whom a person follows, newest first. It is a 404 if the person does
    not show the list."""

    other = "followee"


class HistoryViewSet(GenericViewSet[Watch]):
    """The user's watch history: the last session of each video, newest first."""

    serializer_class = WatchedSerializer
    permission_classes = [IsAuthenticated]
    lookup_field = "video_id"
    lookup_value_converter = "slug"

    @extend_schema(
        parameters=[PageSerializer], responses=page_serializer(WatchedSerializer)
    )
    def list(self, request: Request) -> Response:
        def watched(rows: list[Watch]) -> Any:
            progress = progress_of(request.user, [row.video for row in rows])
            context = {"request": request, "progress": progress}
            return represent(WatchedSerializer, rows, context, many=True)

        return paginated_response(
            request,
            Watch.objects.history_of(request.user),
            moment="timestamp",
            represent=watched,
        )

    @extend_schema(operation_id="me_history_clear", responses={204: None})
    def clear(self, request: Request) -> Response:
        """Delete the whole history; likes and comments stay."""
        services.clear_history(user=member(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, video_id: str) -> Response:
        """Remove a video from the history, even one that the user may no longer see."""
        watched = Video.objects.filter(watches__user=member(request)).distinct()
        video = get_object_or_404(watched, video_id=video_id)
        services.remove_from_history(user=member(request), video=video)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LikedVideoViewSet(GenericViewSet[Video]):
    """The videos that the user likes, newest like first."""

    serializer_class = VideoSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(
        parameters=[PageSerializer], responses=page_serializer(VideoSerializer)
    )
    def list(self, request: Request) -> Response:
        def liked(rows: list[Like]) -> Any:
            return represent_videos(request, [row.video for row in rows])

        likes = Like.objects.liked_by(request.user)
        return paginated_response(request, likes, moment="timestamp", represent=liked)
