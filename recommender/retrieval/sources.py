"""Sources of candidates: `SOURCES` is the one table of them.

Ranking, reasons, logged features and orderings read it, so a new source is one entry
and its query in `queries`.
"""

from __future__ import annotations

from recommender.retrieval import queries
from recommender.retrieval.queries import CATALOGUE
from recommender.retrieval.types import LEARNED, Layout, Precedence, Source

EXPLORE, EXPLORE_UNIFORM = "explore", "explore_uniform"
WATCH_AGAIN, OWN = "watch_again", "own"
LAST_RESORT = (WATCH_AGAIN, OWN)  # of a feed that has nothing else

_LISTS = {Layout.VISITOR_HOME, Layout.LISTING, Layout.MOOD}
_MORE = ("More in {subject}",)

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
            ("{history}", "Similar to {this_video}"),
            queries.similar,
            frozenset({Layout.HOME, Layout.RELATED}),
            weight=1.5,
            related_weight=4.0,
            column=2,
            scored=True,
        ),
        Source(
            "following",
            ("From {followed_creator}, whom you follow",),
            queries.following,
            frozenset({Layout.HOME}),
            new_reason=("New from {followed_creator}, whom you follow",),
            precedence=Precedence.ALWAYS,
            ordering="following",
            column=6,
        ),
        Source(
            "category",
            ("{popular} in {interest}",),
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
            ("{also_by}",),
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
            ("{popular} in {subject}", "{popular} here"),
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
            ("{history}", "{relation}"),
            weight=4.0,
            column=1,
            scored=True,
        ),
        # Candidates of "popular" beyond its first.
        Source(CATALOGUE, _MORE, precedence=Precedence.UNDER_CO_WATCH),
        Source(
            EXPLORE,
            ("{subject}: few people have seen it yet", "Few people have seen it yet"),
            precedence=Precedence.ALWAYS,
        ),
        Source(
            EXPLORE_UNIFORM,
            ("Something different: {other_subject}", "A random pick"),
            precedence=Precedence.ALWAYS,
        ),
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
BY_LAYOUT = {
    layout: tuple(source for source in SOURCES.values() if layout in source.layouts)
    for layout in Layout
}
