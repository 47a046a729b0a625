"""The studio: upload, edit and delete videos, and their statistics."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.idempotency import is_first
from accounts.requests import MemberRequest
from rest.pagination import newest_first
from videos import services
from videos.access import editable_video
from videos.cards import Page, next_url
from videos.files.uploads import is_too_large
from videos.forms import UploadForm, VideoForm
from videos.models import ParentCategory, Video

PAGE_SIZE = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: MemberRequest) -> HttpResponse:
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES, too_large=is_too_large(request))
        if form.is_valid():
            file = form.cleaned_data["file"]
            with transaction.atomic():
                if is_first(request):
                    services.create_video(
                        creator=request.user, file=file, **form.values()
                    )
            messages.success(request, "Uploaded. Your video is being prepared.")
            return redirect("studio")
        status = 422
    else:
        form, status = UploadForm(), 200
    return _form(request, "videos/upload.html", form, status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: MemberRequest, video_id: str) -> HttpResponse:
    video = editable_video(request.user, video_id)
    form = VideoForm(request.POST or None, request.FILES or None, instance=video)
    if request.method == "POST" and form.is_valid():
        services.update_video(video=video, **form.values())
        messages.success(request, "Saved.")
        return redirect("studio")
    status = 422 if request.method == "POST" else 200
    return _form(request, "videos/edit.html", form, status)


def _form(
    request: MemberRequest, template: str, form: VideoForm, status: int
) -> HttpResponse:
    """A page with the form; categories are grouped by parent category."""
    context = {
        "form": form,
        "video": form.instance,
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "parents": ParentCategory.objects.prefetch_related("categories"),
        "chosen_categories": {
            str(getattr(c, "pk", c)) for c in form["categories"].value() or []
        },
    }
    return render(request, template, context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: MemberRequest, video_id: str) -> HttpResponse:
    video = editable_video(request.user, video_id)
    if request.method != "POST":
        return render(request, "videos/delete.html", {"video": video})
    services.delete_video(video=video)
    messages.success(request, f"“{video.title}” is deleted.")
    return redirect("studio")


@login_required
@require_safe
@vary_on_headers("HX-Request")
def studio(request: MemberRequest) -> HttpResponse:
    """The user's videos; the page polls while one is being processed."""
    mine = Video.objects.filter(creator=request.user)
    part = newest_first(
        mine, moment="created_at", cursor=request.GET.get("after", ""), size=PAGE_SIZE
    )
    processing = any(video.state == Video.State.PROCESSING for video in part.rows)
    context = {
        "page": Page(part.rows, next_url(request, after=part.next_cursor)),
        "processing": processing,
        "totals": mine.aggregate(
            videos=Count("pk"),
            public=Count("pk", filter=Q(visibility="public", state="ready")),
            views=Sum("views", default=0),
            likes=Sum("likes", default=0),
        ),
    }
    if request.htmx:
        return render(request, "videos/studio_list.html", context)
    return render(request, "videos/studio.html", context)
