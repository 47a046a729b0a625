"""Requests for candidates, and the sources that answer them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import Enum, auto

from recommender.ml.data.selection import Selection
from recommender.ml.models.base import Model
from recommender.ml.ranking.candidates import Candidates
from recommender.retrieval.viewer import Viewer
from videos.models import Video

LIMIT = 300
LEARNED = "learned"  # the source of what the model of a request recommends


@dataclass(frozen=True)
class Request:
    """A request for up to `limit` candidates from each source.

    `videos` are the eligible videos, without those in `excluded`. `model` ranks the
    feed, if there is one. `related_to` is the video that a Related feed belongs to.
    """

    viewer: Viewer
    videos: Selection
    model: Model | None = None
    excluded: Collection[int] = field(default=frozenset())
    related_to: Video | None = None
    limit: int = LIMIT


class Layout(Enum):
    """Lists that sources contribute to."""

    HOME = auto()
    VISITOR_HOME = auto()
    RELATED = auto()
    LISTING = auto()
    MOOD = auto()


class Precedence(Enum):
    """Which reasons from other people's actions replace the reason of a source."""

    ALWAYS = auto()  # none does
    OVER_CO_WATCH = auto()  # likes of followed people do
    WITH_EVIDENCE = auto()  # likes do, and a co-watch where there is no evidence
    UNDER_CO_WATCH = auto()  # likes and co-watches do


@dataclass(frozen=True)
class Source:
    """One source, and what each step of a feed needs to know of it.

    `fetch` is None for sources whose candidates are made elsewhere. Rank fusion uses
    `weight`, that of Related `related_weight`. Its reasons are the templates whose
    fields all have a value; `new_reason` comes first for new videos. `ordering` names
    the ordering that consists of this source. `column` is the place of its columns
    among the logged features; `scored` says whether its score is one of them.
    """

    name: str
    reason: tuple[str, ...]
    fetch: Callable[[Request], Candidates] | None = None
    layouts: frozenset[Layout] = frozenset()
    weight: float = 1.0
    related_weight: float = 1.0
    new_reason: tuple[str, ...] = ()
    precedence: Precedence = Precedence.WITH_EVIDENCE
    ordering: str = ""
    column: int | None = None
    scored: bool = False
