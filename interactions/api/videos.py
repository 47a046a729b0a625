"""What a person does with a video: like it, dismiss it, talk about it."""

from __future__ import annotations

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import (
    IsAuthenticated,
    IsAuthenticatedOrReadOnly,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import idempotent
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
from rest.requests import validated_body
from videos.api.views import visible_video


class LikeView(APIView):
    """One's like of a video."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses=LikesSerializer)
    def put(self, request: Request, video_id: str) -> Response:
        video = visible_video(request, video_id)
        services.like(user=member(request), video=video)
        video.refresh_from_db(fields=["likes"])
        return Response({"liked": True, "likes": video.likes})

    @extend_schema(responses={204: None})
    def delete(self, request: Request, video_id: str) -> Response:
        video = visible_video(request, video_id)
        services.unlike(user=member(request), video=video)
        return Response(status=status.HTTP_204_NO_CONTENT)


class NotInterestedView(APIView):
    """Have feeds leave a video out."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses={204: None})
    def put(self, request: Request, video_id: str) -> Response:
        video = visible_video(request, video_id)
        services.not_interested(user=member(request), video=video)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, video_id: str) -> Response:
        """It may be recommended again."""
        video = visible_video(request, video_id)
        services.undo_not_interested(user=member(request), video=video)
        return Response(status=status.HTTP_204_NO_CONTENT)


class CommentsView(APIView):
    """The comments of a video, newest first, each with its replies."""

    permission_classes = [IsAuthenticatedOrReadOnly]

    @extend_schema(
        parameters=[PageSerializer], responses=page_serializer(ThreadSerializer)
    )
    def get(self, request: Request, video_id: str) -> Response:
        video = visible_video(request, video_id)
        replies = Comment.objects.select_related("user").order_by("created_at")
        threads = Comment.objects.thread_of(video).prefetch_related(
            Prefetch("replies", replies)
        )

        def represent(rows: list[Comment]) -> object:
            shown = [each for row in rows for each in (row, *row.replies.all())]
            context = {"request": request, "deletable": _deletable(request, shown)}
            return ThreadSerializer(rows, many=True, context=context).data

        return paginated_response(
            request, threads, moment="created_at", represent=represent
        )

    @extend_schema(request=NewCommentSerializer, responses={201: CommentSerializer})
    @idempotent
    def post(self, request: Request, video_id: str) -> Response:
        """Comment, or answer a comment with `parent`."""
        video = visible_video(request, video_id)
        sent = validated_body(request, NewCommentSerializer)
        key, parent = sent["parent"], None
        if key is not None:
            parent = get_object_or_404(Comment, pk=key, video=video)
        comment = services.add_comment(
            user=member(request),
            video=video,
            text=sent["text"],
            parent=parent,
        )
        context = {"request": request, "deletable": {comment.pk}}
        data = CommentSerializer(comment, context=context).data
        return Response(data, status=status.HTTP_201_CREATED)


class CommentView(APIView):
    """A comment; its author, the video's creator and admins may delete it."""

    permission_classes = [IsAuthenticated]
    problems = {"DELETE": {403}}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, comment_id: int) -> Response:
        comments = Comment.objects.filter(pk=comment_id).select_related("video")
        comment = get_object_or_404(comments)
        visible_video(request, comment.video.video_id)
        if not _deletable(request, [comment]):
            raise PermissionDenied("Only its author or the creator may do this.")
        services.delete_comment(user=member(request), comment=comment)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _deletable(request: Request, comments: list[Comment]) -> set[int]:
    rows = Comment.objects.deletable_by(request.user)
    keys = rows.filter(pk__in=[comment.pk for comment in comments])
    return set(keys.values_list("pk", flat=True))
