"""Videos in the API: search, upload, edit, playback."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.permissions import (
    AllowAny,
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
from rest.etags import check_unchanged, etag_response
from rest.pagination import (
    PageSerializer,
    Slice,
    page_response,
    page_serializer,
    paginated_response,
)
from rest.representing import represent
from rest.requests import validated_body, validated_query
from videos import services
from videos.access import category_by_slug, visible_video
from videos.api.serializers import (
    EditSerializer,
    PlaybackSerializer,
    SearchSerializer,
    ThumbnailSerializer,
    UploadSerializer,
    VideoDetailSerializer,
    VideoSerializer,
)
from videos.files import links
from videos.files.uploads import is_too_large
from videos.forms import check_upload, clean_thumbnail
from videos.models import Video
from videos.progress import progress_of, resume_at
from videos.search import search_page

Parsers = list[BaseParser]  # `list` is a method of view sets


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE


class NotReady(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "The video is not ready to be played."


class VideoViewSet(GenericViewSet[Video]):
    """Videos; the list holds the public ones."""

    serializer_class = VideoDetailSerializer
    permission_classes = [IsAuthenticatedOrReadOnly]
    lookup_field = "video_id"
    lookup_value_converter = "slug"
    versioned = True
    problems = {"GET": {404}, "POST": {413}, "PATCH": {403}, "DELETE": {403}}

    def get_parsers(self) -> Parsers:
        """A form for an upload to the list, JSON for an edit of one video."""
        return super().get_parsers() if self.detail else [MultiPartParser()]

    @extend_schema(
        parameters=[SearchSerializer], responses=page_serializer(VideoSerializer)
    )
    def list(self, request: Request) -> Response:
        """Search and filter public videos."""
        page = _search(**validated_query(request, SearchSerializer))
        return page_response(page, lambda videos: represent_videos(request, videos))

    @extend_schema(
        request={"multipart/form-data": UploadSerializer},
        responses={201: VideoDetailSerializer},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Upload a video. It stays `processing` until its file is checked and ready."""
        if is_too_large(request._request):
            raise TooLarge("The file is too large.")
        values = validated_body(request, UploadSerializer)
        check_upload(values["file"])
        video = services.create_video(creator=member(request), **values)
        response = _detail_response(request, video)
        response.status_code = status.HTTP_201_CREATED
        response["Location"] = reverse("api-video-detail", args=[video.video_id])
        return response

    @extend_schema(responses=VideoDetailSerializer)
    def retrieve(self, request: Request, video_id: str) -> Response:
        """One video."""
        return _detail_response(request, visible_video(request.user, video_id))

    @extend_schema(request=EditSerializer, responses=VideoDetailSerializer)
    @transaction.atomic
    def partial_update(self, request: Request, video_id: str) -> Response:
        """Change the fields that the body names. Only its creator may edit a video."""
        video = _locked_for_edit(request.user, video_id)
        check_unchanged(request, video)
        edit = EditSerializer(video, data=request.data, partial=True)
        edit.is_valid(raise_exception=True)
        services.update_video(
            video=video, **(_categories_of(video) | edit.validated_data)
        )
        return _detail_response(request, visible_video(request.user, video_id))

    @extend_schema(responses={204: None})
    @transaction.atomic
    def destroy(self, request: Request, video_id: str) -> Response:
        """Delete a video and its files. Only its creator may do this."""
        video = _locked_for_edit(request.user, video_id)
        check_unchanged(request, video)
        services.delete_video(video=video)
        return Response(status=status.HTTP_204_NO_CONTENT)


class OwnVideoViewSet(GenericViewSet[Video]):
    """The user's own videos, in every state, newest first."""

    serializer_class = VideoSerializer
    permission_classes = [IsAuthenticated]

    @extend_schema(
        parameters=[PageSerializer], responses=page_serializer(VideoSerializer)
    )
    def list(self, request: Request) -> Response:
        return paginated_response(
            request,
            Video.objects.filter(creator=member(request)).for_cards(),
            moment="created_at",
            represent=lambda videos: represent_videos(request, videos),
        )


class ThumbnailView(APIView):
    """The thumbnail of a video, cropped to 16:9."""

    permission_classes = [IsAuthenticated]
    parser_classes = [MultiPartParser]
    problems = {"PUT": {403}}

    @extend_schema(request=ThumbnailSerializer, responses=VideoDetailSerializer)
    @transaction.atomic
    def put(self, request: Request, video_id: str) -> Response:
        video = _locked_for_edit(request.user, video_id)
        values = validated_body(request, ThumbnailSerializer)
        services.update_video(
            video=video,
            thumbnail=clean_thumbnail(values["image"]),
            **_categories_of(video),
        )
        return _detail_response(request, visible_video(request.user, video_id))


class PlaybackView(APIView):
    """The URL to play a video from, and the position to resume at."""

    permission_classes = [AllowAny]
    problems = {"GET": {409}}

    @extend_schema(responses=PlaybackSerializer)
    def get(self, request: Request, video_id: str) -> Response:
        video = visible_video(request.user, video_id)
        if not video.is_ready:
            raise NotReady
        return Response(
            PlaybackSerializer(
                {
                    "url": links.file_url(request, video),
                    "expires_at": links.expiry(video) if video.video_file else None,
                    "content_type": video.content_type,
                    "duration": video.duration,
                    "width": video.width,
                    "height": video.height,
                    "start_at": resume_at(request.user, video),
                }
            ).data
        )


def represent_videos(request: Request, videos: list[Video]) -> Any:
    """The data of `videos` in a list, with the user's progress."""
    context = {"request": request, "progress": progress_of(request.user, videos)}
    return represent(VideoSerializer, videos, context, many=True)


def _search(*, limit: int, cursor: str = "", **filters: str) -> Slice[Video]:
    """A page of public videos by the filters of `SearchSerializer`."""
    videos = Video.objects.listed().for_cards()
    if slug := filters.get("category"):
        videos = videos.within(category_by_slug(slug))
    if username := filters.get("creator"):
        videos = videos.filter(creator__username__iexact=username)
    videos = videos.lasting(filters.get("duration", ""))
    videos = videos.published_within(filters.get("age", ""))
    return search_page(
        videos,
        text=filters.get("q", ""),
        sort=filters.get("sort", ""),
        cursor=cursor,
        size=limit,
    )


def _locked_for_edit(user: User | AnonymousUser, video_id: str) -> Video:
    """The video, locked until the transaction ends.

    Raises `PermissionDenied` if the user may see it but not edit it, else `Http404`.
    """
    videos = Video.objects.editable_by(user).select_for_update(
        no_key=True, of=("self",)
    )
    video = videos.filter(video_id=video_id).first()
    if video is None:
        visible_video(user, video_id)
        raise PermissionDenied("Only its creator may do this.")
    return video


def _categories_of(video: Video) -> dict[str, Any]:
    return {
        "categories": video.categories.all(),
        "parent_categories": video.parent_categories.all(),
    }


def _detail_response(request: Request, video: Video) -> Response:
    context = {"request": request, "progress": progress_of(request.user, [video])}
    data = represent(VideoDetailSerializer, video, context)
    return etag_response(request, video, data)
