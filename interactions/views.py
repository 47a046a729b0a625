"""Pages and buttons: like, follow, dismiss, comments, history, liked videos."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from itertools import groupby
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from accounts.idempotency import is_first
from accounts.models import User
from accounts.profiles import follower_count, following_count
from accounts.requests import MemberRequest, PageRequest
from interactions import services
from interactions.models import Comment, Like, Watch
from rest.methods import posted_from
from rest.pagination import newest_first
from videos.access import visible_video
from videos.cards import Card, Page, cards, next_url
from videos.models import Video
from videos.progress import progress_of
from videos.templatetags.video_format import compact

P = ParamSpec("P")
PAGE_SIZE = 24
COMMENTS = 20


def member_action(
    view: Callable[Concatenate[MemberRequest, P], HttpResponse],
) -> Callable[Concatenate[MemberRequest, P], HttpResponse]:
    """A POST that requires log-in; visitors are redirected to it and back."""

    @require_POST
    @wraps(view)
    def action(
        request: MemberRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        return_to = request.htmx.current_url_abs_path or request.headers.get("Referer")
        login = redirect_to_login(return_to or resolve_url("home")).url
        return HttpResponseClientRedirect(login) if request.htmx else redirect(login)

    return action


@posted_from("video")
@member_action
def like(request: MemberRequest, video_id: str) -> HttpResponse:
    """Like or, with `undo`, unlike; the response is the new state of the button."""
    video = visible_video(request.user, video_id)
    liked = "undo" not in request.POST
    act = services.like if liked else services.unlike
    act(user=request.user, video=video)
    if not request.htmx:
        return redirect(video)
    video.refresh_from_db(fields=["likes"])
    return render(
        request, "components/like_button.html", {"video": video, "liked": liked}
    )


@posted_from("profile")
@member_action
def follow(request: MemberRequest, username: str) -> HttpResponse:
    """Follow or, with `undo`, unfollow; the response is the new state of the button."""
    person = get_object_or_404(User, username__iexact=username, is_active=True)
    pair = {"follower": request.user, "followee": person}
    following = "undo" not in request.POST
    try:
        (services.follow if following else services.unfollow)(**pair)
    except ValidationError as error:
        return HttpResponse(error.messages[0], status=422, content_type="text/plain")
    if not request.htmx:
        return redirect(person)
    context = {"person": person, "is_following": following}
    response = render(request, "components/follow_button.html", context)
    counts = {"values": _follow_counts(request.user, person)}
    return trigger_client_event(response, "counts", counts)


def _follow_counts(user: User, person: User) -> dict[str, str]:
    """What the page shows of the two, by the names of `data-count`."""
    followers = follower_count(person)
    return {
        f"followers-{person.pk}": compact(followers),
        f"followers-word-{person.pk}": f"follower{pluralize(followers)}",
        f"following-{user.pk}": compact(following_count(user)),
    }


@posted_from("video")
@member_action
def not_interested(request: MemberRequest, video_id: str) -> HttpResponse:
    """Dismiss the video from feeds; `undo` allows it again."""
    video = visible_video(request.user, video_id)
    if "undo" in request.POST:
        services.undo_not_interested(user=request.user, video=video)
        messages.info(request, "This video may be recommended again.")
        return (
            HttpResponseClientRedirect(request.htmx.current_url_abs_path or "/")
            if request.htmx
            else redirect(video)
        )
    services.not_interested(user=request.user, video=video)
    if not request.htmx:
        messages.info(request, "This video will not be recommended to you again.")
        return redirect("home")
    return render(request, "components/card_dismissed.html", {"video": video})


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def comments(request: PageRequest, video_id: str) -> HttpResponse:
    """Comments of a video, newest first, replies below them; POST adds one."""
    if request.method == "POST":
        return _add_comment(request, video_id=video_id)  # type: ignore[arg-type]
    return _comments(request, visible_video(request.user, video_id))


@member_action
def _add_comment(request: MemberRequest, video_id: str) -> HttpResponse:
    video = visible_video(request.user, video_id)
    parent = None
    if key := request.POST.get("parent"):
        threads = Comment.objects.filter(video=video)
        parent = get_object_or_404(threads, pk=key if key.isdecimal() else None)
    text = request.POST.get("text", "")
    added = None
    try:
        with transaction.atomic():
            if is_first(request):
                added = services.add_comment(
                    user=request.user, video=video, text=text, parent=parent
                )
    except ValidationError as error:
        reason = " ".join(error.messages)
        return _comments(request, video, error=reason, text=text, status=422)
    return _comments(request, video, added=added) if request.htmx else redirect(video)


def _comments(
    request: PageRequest,
    video: Video,
    *,
    added: Comment | None = None,
    error: str = "",
    text: str = "",
    status: int = 200,
) -> HttpResponse:
    replies = Comment.objects.select_related("user").order_by("created_at")
    part = newest_first(
        Comment.objects.thread_of(video).prefetch_related(Prefetch("replies", replies)),
        moment="created_at",
        cursor=request.GET.get("after", ""),
        size=COMMENTS,
    )
    address = reverse(
        "comments", args=[video.video_id]
    )  # also after a POST to another URL
    older = f"{address}?after={part.next_cursor}" if part.next_cursor else ""
    shown = [row for comment in part.rows for row in (comment, *comment.replies.all())]
    deletable = Comment.objects.deletable_by(request.user).filter(
        pk__in=[comment.pk for comment in shown]
    )
    context = {
        "video": video,
        "page": Page(part.rows, older),
        "count": Comment.objects.filter(video=video).exclude(user=None).count(),
        "deletable": set(deletable.values_list("pk", flat=True)),
        "added": added,
        "error": error,
        "text": text,
    }
    whole = not request.htmx and request.method != "POST"
    name = "comments_page" if whole else "comments"
    return render(request, f"interactions/{name}.html", context, status=status)


def _video_of(request: PageRequest, comment_id: int) -> Video:
    comment = get_object_or_404(Comment.objects.select_related("video"), pk=comment_id)
    return visible_video(request.user, comment.video.video_id)


@posted_from(_video_of)
@member_action
def comment_delete(request: MemberRequest, comment_id: int) -> HttpResponse:
    comment = get_object_or_404(
        Comment.objects.deletable_by(request.user).select_related("video"),
        pk=comment_id,
    )
    services.delete_comment(user=request.user, comment=comment)
    return (
        _comments(request, comment.video) if request.htmx else redirect(comment.video)
    )


@login_required
@require_safe
@vary_on_headers("HX-Request")
def history(request: MemberRequest) -> HttpResponse:
    """The user's history by day: the last session of each video."""
    part = newest_first(
        Watch.objects.history_of(request.user),
        moment="timestamp",
        cursor=request.GET.get("after", ""),
        size=PAGE_SIZE,
    )
    progress = progress_of(request.user, [watch.video for watch in part.rows])
    days = [
        (
            day,
            Page([Card(w.video, progress=progress.get(w.video_id)) for w in watches]),
        )
        for day, watches in groupby(
            part.rows, lambda watch: timezone.localdate(watch.timestamp)
        )
    ]
    # A day that continues after "Earlier" has only one heading.
    last = f"{days[-1][0]:%Y-%m-%d}" if days else ""
    context = {
        "days": days,
        "begun": request.GET.get("begun", "") if request.htmx else "",
        "next_url": next_url(request, after=part.next_cursor, begun=last),
    }
    return render(request, "interactions/history.html", context)


@posted_from("history")
@member_action
def history_remove(request: MemberRequest) -> HttpResponse:
    """Remove one video (`video_id`) from the history or, with `all`, everything."""
    if "all" in request.POST:
        services.clear_history(user=request.user)
        messages.success(request, "Your watch history is empty.")
        return redirect("history")
    video = get_object_or_404(Video, video_id=request.POST.get("video_id", ""))
    services.remove_from_history(user=request.user, video=video)
    return HttpResponse() if request.htmx else redirect("history")


@posted_from("history")
@member_action
def history_record(request: MemberRequest) -> HttpResponse:
    """Switch the recording of the history on or off."""
    request.user.record_history = "on" in request.POST
    request.user.save(update_fields=["record_history", "updated_at"])
    return redirect("history")


@login_required
@require_safe
def liked(request: MemberRequest) -> HttpResponse:
    part = newest_first(
        Like.objects.liked_by(request.user),
        moment="timestamp",
        cursor=request.GET.get("after", ""),
        size=PAGE_SIZE,
    )
    videos = [row.video for row in part.rows]
    progress = progress_of(request.user, videos)
    page = Page(cards(videos, progress), next_url(request, after=part.next_cursor))
    return render(request, "interactions/liked.html", {"page": page})
