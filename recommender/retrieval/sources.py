"""Sources of candidates: `SOURCES` is the one table of them.

Ranking, reasons, logged features and orderings read it, so a new source is one entry
and its query in `queries`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q
from django.utils import timezone

from recommender.ml.ranking.candidates import (
    Candidate,
    CandidateFeatures,
    CandidateSet,
)
from recommender.retrieval import queries
from recommender.retrieval.queries import CATALOGUE
from recommender.retrieval.types import LEARNED, Request
from recommender.retrieval.viewer import Videos

EXPLORE, EXPLORE_UNIFORM = "explore", "explore_uniform"
WATCH_AGAIN, OWN = "watch_again", "own"
LAST_RESORT = (WATCH_AGAIN, OWN)  # of a feed that has nothing else


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
    `weight`, that of Related `related_weight`. The reason is the first of the templates
    whose fields all have a value; `new_reason` comes first for new videos. `ordering`
    names the ordering that consists of this source. `column` is the place of its
    columns among the logged features; `scored` says whether its score is one of them.
    """

    name: str
    reason: tuple[str, ...]
    fetch: Callable[[Request], list[Candidate]] | None = None
    layouts: frozenset[Layout] = frozenset()
    weight: float = 1.0
    related_weight: float = 1.0
    new_reason: tuple[str, ...] = ()
    precedence: Precedence = Precedence.WITH_EVIDENCE
    ordering: str = ""
    column: int | None = None
    scored: bool = False


_LISTS = {Layout.VISITOR_HOME, Layout.LISTING, Layout.MOOD}
_MORE = ("More in {subject}", "From the catalogue")
_EXPLORE = ("Something different: {subject}", "For a change")

# In the order of fusion, which is the order in which its sums are rounded.
SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            "mood",
            ("{mood}, as you asked",),
            queries.mood,
            frozenset({Layout.HOME, Layout.VISITOR_HOME, Layout.MOOD}),
            precedence=Precedence.ALWAYS,
        ),
        Source(
            "similar",
            ("{history}", "Similar to this video"),
            queries.similar,
            frozenset({Layout.HOME, Layout.RELATED}),
            weight=1.5,
            related_weight=4.0,
            column=2,
            scored=True,
        ),
        Source(
            "following",
            ("From {creator}, whom you follow",),
            queries.following,
            frozenset({Layout.HOME}),
            new_reason=("New from {creator}, whom you follow",),
            precedence=Precedence.ALWAYS,
            ordering="following",
            column=6,
        ),
        Source(
            "category",
            ("Popular in {interest}",),
            queries.category,
            frozenset({Layout.HOME}),
            precedence=Precedence.UNDER_CO_WATCH,
            column=3,
            scored=True,
        ),
        Source(
            "same_category",
            ("Also in {shared_category}",),
            queries.same_category,
            frozenset({Layout.RELATED}),
            related_weight=3.0,
            precedence=Precedence.UNDER_CO_WATCH,
        ),
        Source(
            "creator",
            ("More from {creator}",),
            queries.creator,
            frozenset({Layout.RELATED}),
            precedence=Precedence.OVER_CO_WATCH,
        ),
        Source(
            "trending",
            ("Trending this week",),
            queries.trending,
            frozenset(_LISTS),
            weight=0.8,
            precedence=Precedence.OVER_CO_WATCH,
            ordering="trending",
            column=5,
            scored=True,
        ),
        Source(
            "fresh",
            _MORE,
            queries.fresh,
            frozenset({Layout.HOME, *_LISTS}),
            weight=0.4,
            new_reason=("New in {subject}", "New here"),
            precedence=Precedence.OVER_CO_WATCH,
            ordering="newest",
            column=7,
        ),
        Source(
            "popular",
            ("Popular in {subject}", "Popular here"),
            queries.popular,
            frozenset({Layout.HOME, Layout.RELATED, *_LISTS}),
            weight=0.4,
            related_weight=0.2,
            precedence=Precedence.UNDER_CO_WATCH,
            ordering="trending",
            column=4,
            scored=True,
        ),
        Source(
            LEARNED,
            ("{history}", "Close to what you watch"),
            weight=4.0,
            column=1,
            scored=True,
        ),
        # Candidates of "popular" beyond its first.
        Source(CATALOGUE, _MORE, precedence=Precedence.UNDER_CO_WATCH),
        Source(EXPLORE, _EXPLORE, precedence=Precedence.ALWAYS),
        Source(EXPLORE_UNIFORM, _EXPLORE, precedence=Precedence.ALWAYS),
        Source(
            WATCH_AGAIN,
            ("Watch again: you have seen it already",),
            precedence=Precedence.ALWAYS,
        ),
        Source(OWN, ("Your own video",), precedence=Precedence.ALWAYS),
    )
}
WEIGHTS = {source.name: source.weight for source in SOURCES.values()}
RELATED_WEIGHTS = {source.name: source.related_weight for source in SOURCES.values()}


def retrieve(request: Request, names: Iterable[str]) -> CandidateSet:
    """The eligible candidates of each named source, with their features.

    With a model, `LEARNED` is one of the sources: it also scores the candidates of the
    others, so that a small selection (a category, the followed) is ranked exactly.
    """
    lists = {name: _fetch(SOURCES[name], request) for name in names}
    keys = {c.video_id for candidates in lists.values() for c in candidates}
    if request.model is not None:
        lists[LEARNED] = queries.learned(request, request.model, keys)
        keys |= {c.video_id for c in lists[LEARNED]}
    features = describe(request.videos, keys)
    eligible = {
        name: [c for c in candidates if c.video_id in features]
        for name, candidates in lists.items()
    }
    return CandidateSet(eligible, features)


def names_for(layout: Layout) -> tuple[str, ...]:
    """The sources of a list, in the order in which they are fused."""
    return tuple(name for name, s in SOURCES.items() if layout in s.layouts)


def describe(videos: Videos, keys: Collection[int]) -> dict[int, CandidateFeatures]:
    """Features of those of the videos that have one of `keys`, in one query."""
    now = timezone.now()
    rows = (
        videos.filter(pk__in=keys)
        .order_by()
        .annotate(
            category_keys=_keys_of("categories"),
            parent_keys=_keys_of("parent_categories"),
        )
        .values_list(
            *("pk", "creator_id", "published_at", "category_keys", "parent_keys"),
            *(
                "duration",
                "view_counts__day",
                "view_counts__week",
                "view_counts__month",
            ),
        )
    )
    return {
        pk: CandidateFeatures(
            creator,
            now - (at or now),
            frozenset(categories or ()),
            frozenset(parents or ()),
            duration,
            (day or 0, week or 0, month or 0),
        )
        for pk, creator, at, categories, parents, duration, day, week, month in rows
    }


def _fetch(source: Source, request: Request) -> list[Candidate]:
    if source.fetch is None:
        raise ValueError(f"The source {source.name} cannot be fetched.")
    return source.fetch(request)


def _keys_of(relation: str) -> ArrayAgg:
    present = Q(**{f"{relation}__isnull": False})
    return ArrayAgg(relation, distinct=True, filter=present)
