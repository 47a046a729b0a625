"""How much of a video a user has watched, and where to resume."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from videos.models import Video

FINISHED = 0.95  # beyond this fraction, playback restarts at the beginning


def progress_of(
    user: User | AnonymousUser, videos: Iterable[Video]
) -> dict[int, float]:
    """The fraction watched, by key, of the `videos` that `user` has started."""
    if not user.is_authenticated:
        return {}
    begun = user.engagements.filter(video__in=list(videos), fraction__gt=0)
    return dict(begun.values_list("video_id", "fraction"))


def resume_at(user: User | AnonymousUser, video: Video) -> float:
    """The position of the last session, in seconds; 0 if it was finished."""
    last = video.watches.filter(user=user.pk).order_by("-updated_at").first()
    if last is None or last.position >= FINISHED * video.duration:
        return 0.0
    return float(last.position)
