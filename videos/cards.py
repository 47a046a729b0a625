"""Cards and pages of videos, for lists outside the feeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from videos.models import Video


@dataclass(frozen=True)
class Card:
    """A video with the texts of its card; `progress` is the fraction watched."""

    video: Video
    reason: str = ""
    source: str = ""
    score: float | None = None
    progress: float | None = None
    position: int | None = None


@dataclass(frozen=True)
class Page:
    """A page of a grid or row; `next_url` is empty on the last page."""

    items: Sequence[Any]
    next_url: str = ""
    notice: str = ""


def cards(videos: Iterable[Video], progress: Mapping[int, float]) -> list[Card]:
    return [Card(video, progress=progress.get(video.pk)) for video in videos]


def next_url(request: HttpRequest, **parameters: str) -> str:
    """The URL of this page with `parameters` changed; empty if one of them is."""
    if not all(parameters.values()):
        return ""
    query = request.GET.copy()
    for name, value in parameters.items():
        query[name] = value
    return f"{request.path}?{query.urlencode()}"
