"""The API of categories and videos."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, F, Value
from django.db.models.functions import Cast, Coalesce
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import (
    AllowAny,
    IsAuthenticated,
    IsAuthenticatedOrReadOnly,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.idempotency import idempotent
from accounts.requests import member
from rest.etags import check_unchanged, etag_response
from rest.pagination import (
    PageSerializer,
    Slice,
    greatest_first,
    newest_first,
    page_response,
    page_serializer,
    paginated_response,
)
from rest.requests import validated_body, validated_query
from videos import search, services
from videos.api.serializers import (
    EditSerializer,
    ParentCategorySerializer,
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
from videos.models import Category, ParentCategory, Video
from videos.progress import progress_of, resume_at
from videos.querysets import VideoQuerySet


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE


class NotReady(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "The video is not ready to be played."


def visible_video(request: Request, video_id: str) -> Video:
    """What the person may open; 404 for anything else."""
    videos = Video.objects.visible_to(request.user).for_cards()
    return get_object_or_404(videos, video_id=video_id)


def video_list(request: Request, videos: list[Video]) -> Any:
    """Videos as they stand in a list."""
    context = {"request": request, "progress": progress_of(request.user, videos)}
    return VideoSerializer(videos, many=True, context=context).data


def category_named(slug: str) -> Category | ParentCategory:
    """Of either level; 404 where there is none."""
    parent = ParentCategory.objects.filter(slug=slug).first()
    return parent or get_object_or_404(Category, slug=slug)


class CategoriesView(APIView):
    """The parent categories with their categories."""

    permission_classes = [AllowAny]

    @extend_schema(responses=ParentCategorySerializer(many=True))
    def get(self, request: Request) -> Response:
        parents = ParentCategory.objects.prefetch_related("categories")
        return Response(ParentCategorySerializer(parents, many=True).data)


class VideosView(APIView):
    """All public videos."""

    permission_classes = [IsAuthenticatedOrReadOnly]
    problems = {"GET": {404}, "POST": {413}}
    parser_classes = [MultiPartParser]

    @extend_schema(
        parameters=[SearchSerializer], responses=page_serializer(VideoSerializer)
    )
    def get(self, request: Request) -> Response:
        """Search and filter; pages go on whatever is uploaded meanwhile."""
        asked = validated_query(request, SearchSerializer)
        part = _found(Video.objects.listed().for_cards(), **asked)
        return page_response(part, lambda videos: video_list(request, videos))

    @extend_schema(
        request={"multipart/form-data": UploadSerializer},
        responses={201: VideoDetailSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Upload. The video is `processing` until the platform has looked at it."""
        if is_too_large(request._request):
            raise TooLarge("The file is too large.")
        values = validated_body(request, UploadSerializer)
        check_upload(values["file"])
        video = services.create_video(creator=member(request), **values)
        response = _detail(request, video)
        response.status_code = status.HTTP_201_CREATED
        response["Location"] = reverse("api_video", args=[video.video_id])
        return response


def _found(
    videos: VideoQuerySet,
    *,
    limit: int,
    cursor: str = "",
    q: str = "",
    category: str = "",
    creator: str = "",
    duration: str = "",
    age: str = "",
    sort: str = "",
) -> Slice[Video]:
    if q:
        videos = search.matching(videos, q)
    if category:
        videos = videos.within(category_named(category))
    if creator:
        videos = videos.filter(creator__username__iexact=creator)
    videos = videos.lasting(duration).published_within(age)
    if sort == "views":
        return greatest_first(videos, number="views", cursor=cursor, size=limit)
    if q and sort != "newest":
        rank = Cast(F("rank") * Value(1e6), BigIntegerField())
        videos = videos.annotate(relevance=rank)
        return greatest_first(videos, number="relevance", cursor=cursor, size=limit)
    videos = videos.annotate(shown_at=Coalesce("published_at", "created_at"))
    return newest_first(videos, moment="shown_at", cursor=cursor, size=limit)


class OwnVideosView(APIView):
    """One's own videos, in every state, the newest first."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        parameters=[PageSerializer], responses=page_serializer(VideoSerializer)
    )
    def get(self, request: Request) -> Response:
        mine = Video.objects.filter(creator=member(request)).for_cards()
        return paginated_response(
            request,
            mine,
            moment="created_at",
            represent=lambda videos: video_list(request, videos),
        )


class VideoView(APIView):
    """One video."""

    permission_classes = [IsAuthenticatedOrReadOnly]
    versioned = True
    problems = {"PATCH": {403}, "DELETE": {403}}

    @extend_schema(responses=VideoDetailSerializer)
    def get(self, request: Request, video_id: str) -> Response:
        return _detail(request, visible_video(request, video_id))

    @extend_schema(request=EditSerializer, responses=VideoDetailSerializer)
    @transaction.atomic
    def patch(self, request: Request, video_id: str) -> Response:
        """Change what is sent and nothing else; of one's own videos."""
        video = _editable(request, video_id)
        check_unchanged(request, video)
        sent = EditSerializer(video, data=request.data, partial=True)
        sent.is_valid(raise_exception=True)
        kept = {
            "categories": video.categories.all(),
            "parent_categories": video.parent_categories.all(),
        }
        services.update_video(video=video, **(kept | sent.validated_data))
        return _detail(request, visible_video(request, video_id))

    @extend_schema(responses={204: None})
    @transaction.atomic
    def delete(self, request: Request, video_id: str) -> Response:
        video = _editable(request, video_id)
        check_unchanged(request, video)
        services.delete_video(video=video)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ThumbnailView(APIView):
    """The picture of a video, cut to 16:9."""

    permission_classes = [IsAuthenticated]
    parser_classes = [MultiPartParser]
    problems = {"PUT": {403}}

    @extend_schema(request=ThumbnailSerializer, responses=VideoDetailSerializer)
    @transaction.atomic
    def put(self, request: Request, video_id: str) -> Response:
        video = _editable(request, video_id)
        sent = validated_body(request, ThumbnailSerializer)
        services.update_video(
            video=video,
            categories=video.categories.all(),
            parent_categories=video.parent_categories.all(),
            thumbnail=clean_thumbnail(sent["image"]),
        )
        return _detail(request, visible_video(request, video_id))


class PlaybackView(APIView):
    """Where to play a video from, and where you stopped."""

    permission_classes = [AllowAny]
    problems = {"GET": {409}}

    @extend_schema(responses=PlaybackSerializer)
    def get(self, request: Request, video_id: str) -> Response:
        video = visible_video(request, video_id)
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


def _editable(request: Request, video_id: str) -> Video:
    """Locked, until the transaction ends. What one may see and not edit is a 403."""
    videos = Video.objects.editable_by(request.user).select_for_update(
        no_key=True, of=("self",)
    )
    video = videos.filter(video_id=video_id).first()
    if video is None:
        visible_video(request, video_id)
        raise PermissionDenied("Only its creator may do this.")
    return video


def _detail(request: Request, video: Video) -> Response:
    context = {"request": request, "progress": progress_of(request.user, [video])}
    return etag_response(
        request, video, VideoDetailSerializer(video, context=context).data
    )
