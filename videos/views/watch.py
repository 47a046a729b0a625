"""A video's page, file and thumbnail, for users who may see the video."""

from __future__ import annotations

from datetime import timedelta

from csp.decorators import csp_update
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.profiles import follower_count
from accounts.requests import PageRequest
from videos.access import visible_file, visible_video
from videos.files import delivery
from videos.models import Video
from videos.progress import resume_at

FILE_MAX_AGE = int(timedelta(hours=1).total_seconds())
THUMBNAIL_MAX_AGE = int(timedelta(minutes=10).total_seconds())  # then by ETag


# A video of another site may be played from there, or from wherever that site sends us.
@csp_update({"media-src": ["http:", "https:"]})  # type: ignore[arg-type]
@require_safe
def video(request: PageRequest, video_id: str) -> HttpResponse:
    shown = visible_video(request.user, video_id)
    creator, user = shown.creator, request.user
    context = {
        "video": shown,
        "followers": follower_count(creator),
        "may_edit": user.is_superuser or user == creator,
        "liked": False,
        "is_following": False,
        "start_at": 0.0,
    }
    if user.is_authenticated:
        context["liked"] = shown.like_set.filter(user=user).exists()
        context["is_following"] = creator.followers.filter(follower=user).exists()
        context["start_at"] = resume_at(user, shown)
    return render(request, "videos/video.html", context)


@require_safe
def file(request: HttpRequest, video_id: str) -> HttpResponseBase:
    shown = visible_file(request, video_id)
    if not shown.video_file:
        raise Http404("This video has no file.")
    extension = "webm" if shown.content_type == "video/webm" else "mp4"
    return delivery.serve(
        request,
        shown.video_file,
        content_type=shown.content_type or "application/octet-stream",
        filename=f"{shown.title}.{extension}",
        public=shown.visibility == Video.Visibility.PUBLIC and shown.is_ready,
        max_age=FILE_MAX_AGE,
    )


@require_safe
def thumbnail(
    request: HttpRequest, video_id: str, width: int | None = None
) -> HttpResponseBase:
    """The thumbnail, or its rendition of `width` pixels if there is one."""
    shown = visible_file(request, video_id)
    if not shown.thumbnail:
        raise Http404("This video has no thumbnail.")
    picture: FieldFile = shown.thumbnail
    kind = "jpeg"
    if width is not None and width in (shown.thumbnail_widths or ()):
        picture, kind = shown.rendition(width), "webp"
    return delivery.serve(
        request,
        picture,
        content_type=f"image/{kind}",
        filename=f"thumbnail.{kind}",
        public=shown.visibility == Video.Visibility.PUBLIC and shown.is_ready,
        max_age=THUMBNAIL_MAX_AGE,
    )
