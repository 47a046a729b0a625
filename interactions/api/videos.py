"""Likes, dismissals and comments of a video in the API."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import AnonymousUser
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.mixins import DestroyModelMixin
from rest_framework.permissions import (
    IsAuthenticated,
    IsAuthenticatedOrReadOnly,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from accounts.idempotency import idempotent
from accounts.models import User
from accounts.requests import member
from interactions import services
from interactions.api.serializers import (
    CommentSerializer,
    LikesSerializer,
    NewCommentSerializer,
    ThreadSerializer,
)
from interactions.models import Comment
from rest.pagination import PageSerializer, page_serializer, paginated_response
from rest.representing import represent
from rest.requests import validated_body
from videos.access import visible_video


class LikeView(APIView):
    """The user's like of a video."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses=LikesSerializer)
    def put(self, request: Request, video_id: str) -> Response:
        video = visible_video(request.user, video_id)
        services.like(user=member(request), video=video)
        video.refresh_from_db(fields=["likes"])
        return Response({"liked": True, "likes": video.likes})

    @extend_schema(responses={204: None})
    def delete(self, request: Request, video_id: str) -> Response:
        video = visible_video(request.user, video_id)
        services.unlike(user=member(request), video=video)
        return Response(status=status.HTTP_204_NO_CONTENT)


class NotInterestedView(APIView):
    """Leave a video out of the user's feeds."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses={204: None})
    def put(self, request: Request, video_id: str) -> Response:
        video = visible_video(request.user, video_id)
        services.not_interested(user=member(request), video=video)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, video_id: str) -> Response:
        """Let feeds recommend the video again."""
        video = visible_video(request.user, video_id)
        services.undo_not_interested(user=member(request), video=video)
        return Response(status=status.HTTP_204_NO_CONTENT)


class VideoCommentViewSet(GenericViewSet[Comment]):
    """The comments of a video, newest first, each with its replies."""

    serializer_class = NewCommentSerializer
    permission_classes = [IsAuthenticatedOrReadOnly]

    @extend_schema(
        parameters=[PageSerializer], responses=page_serializer(ThreadSerializer)
    )
    def list(self, request: Request, video_id: str) -> Response:
        video = visible_video(request.user, video_id)
        replies = Comment.objects.select_related("user").order_by("created_at")
        threads = Comment.objects.thread_of(video).prefetch_related(
            Prefetch("replies", replies)
        )

        def threads_of(rows: list[Comment]) -> object:
            comments = [each for row in rows for each in (row, *row.replies.all())]
            context = {
                "request": request,
                "deletable": _deletable_keys(request.user, comments),
            }
            return represent(ThreadSerializer, rows, context, many=True)

        return paginated_response(
            request, threads, moment="created_at", represent=threads_of
        )

    @extend_schema(request=NewCommentSerializer, responses={201: CommentSerializer})
    @idempotent
    def create(self, request: Request, video_id: str) -> Response:
        """Add a comment, or with `parent` a reply."""
        video = visible_video(request.user, video_id)
        values = validated_body(request, NewCommentSerializer)
        parent = None
        if values["parent"] is not None:
            parent = get_object_or_404(Comment, pk=values["parent"], video=video)
        comment = services.add_comment(
            user=member(request), video=video, text=values["text"], parent=parent
        )
        context = {"request": request, "deletable": {comment.pk}}
        data = represent(CommentSerializer, comment, context)
        return Response(data, status=status.HTTP_201_CREATED)


class CommentViewSet(DestroyModelMixin, GenericViewSet[Comment]):
    """A comment; its author, the video's creator and admins may delete it."""

    queryset = Comment.objects.select_related("video")
    serializer_class = CommentSerializer
    permission_classes = [IsAuthenticated]
    lookup_url_kwarg = "comment_id"
    lookup_value_converter = "int"
    problems = {"DELETE": {403}}

    def perform_destroy(self, comment: Comment) -> None:
        visible_video(self.request.user, comment.video.video_id)
        if not _deletable_keys(self.request.user, [comment]):
            raise PermissionDenied("Only its author or the creator may do this.")
        services.delete_comment(user=member(self.request), comment=comment)


def _deletable_keys(
    user: User | AnonymousUser, comments: Sequence[Comment]
) -> set[int]:
    """The keys of those of `comments` that `user` may delete."""
    deletable = Comment.objects.deletable_by(user).filter(
        pk__in=[comment.pk for comment in comments]
    )
    return set(deletable.values_list("pk", flat=True))
