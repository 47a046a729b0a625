from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.tests.factories import make_user
from interactions.models import Comment, Watch
from interactions.services import add_comment, record_watch
from videos.models import Video
from videos.tests.factories import make_video


def watch(video: Video | None = None, **overrides: Any) -> Watch | None:
    """A session that watched 80% of the video, unless told otherwise."""
    values: dict[str, Any] = {
        "session_id": uuid4(),
        "fraction": 0.8,
        "seconds": 48.0,
        "at": timezone.now(),
    }
    if "user" not in overrides:
        values["user"] = make_user()
    values |= {"video": video or make_video()} | overrides
    record_watch(**values)
    keys = {name: values[name] for name in ("user", "video", "session_id")}
    return Watch.objects.filter(**keys).first() if values["user"].pk else None


def make_comment(**overrides: Any) -> Comment:
    values: dict[str, Any] = {"text": "Well played."}
    if "user" not in overrides:
        values["user"] = make_user()
    if "video" not in overrides:
        values["video"] = make_video()
    return add_comment(**(values | overrides))
