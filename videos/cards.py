"""Lists of videos outside the feeds, in the form that cards and rows show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from videos.models import Video


@dataclass(frozen=True)
class Card:
    """A video and what to say beside it; `progress` is the fraction watched."""

    video: Video
    reason: str = ""
    source: str = ""
    score: float | None = None
    progress: float | None = None
    position: int | None = None


@dataclass(frozen=True)
class Page:
    """What grids and rows show; `next_url` is empty on the last one."""

    items: Sequence[Any]
    next_url: str = ""
    notice: str = ""


def cards(videos: Iterable[Video], progress: Mapping[int, float]) -> list[Card]:
    return [Card(video, progress=progress.get(video.pk)) for video in videos]


def next_url(request: HttpRequest, **parameters: str) -> str:
    """This page's address with `parameters` changed; an empty one ends the list."""
    if not all(parameters.values()):
        return ""
    query = request.GET.copy()
    for name, value in parameters.items():
        query[name] = value
    return f"{request.path}?{query.urlencode()}"
