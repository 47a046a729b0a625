"""Where a feed's videos come from: labelled sources, each a ranked list of candidates.

A source draws from the pool it is given (`pools`), so visibility and what was seen are
settled in SQL; what the model retrieves is filtered by the same pool in `retrieve`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Expression, F, FloatField, Q, Sum
from django.db.models.functions import Coalesce, Extract, Now
from django.utils import timezone

from recommender.ml.models.base import Model
from recommender.ml.ranking import interest_clusters
from recommender.retrieval import eligible
from recommender.retrieval.viewer import Interaction, Viewer
from videos.models import Video
from videos.moods import store

TRENDING_WINDOW = timedelta(days=7)
POPULARITY_AGE = timedelta(days=14)  # a video of this age counts half
POPULAR = 60  # so many of a pool may be called popular
ANCHORS = 3  # newest watches whose neighbours are looked up, where none has a vector
FADE = 20.0  # watches after which one counts for little in the weight of an interest
TOP_CATEGORIES = 10


@dataclass(frozen=True)
class Because:
    """What in the viewer's own doings a candidate goes back to.

    `kind` is watched, liked, follows, category or parent; `pk` that row's key.
    """

    kind: str
    pk: int


@dataclass(frozen=True)
class Candidate:
    video_id: int
    source: str
    score: float
    because: Because | None = None


@dataclass(frozen=True)
class Facts:
    """What ranking and reasons need to know of a candidate."""

    creator_id: int
    age: timedelta
    categories: frozenset[int]
    parents: frozenset[int]
    duration: float = 0.0  # seconds
    views: tuple[int, int, int] = (0, 0, 0)  # of the last day, of 7 days, of 28


@dataclass(frozen=True)
class Retrieval:
    """One question to the sources: `limit` videos of a pool, none of `taken`.

    `model` is the active run's, or None: then the sources that need it are silent.
    `beside` is the video that a Related rail stands next to.
    """

    viewer: Viewer
    videos: eligible.Videos
    limit: int
    model: Model | None = None
    taken: Collection[int] = field(default=frozenset())
    beside: Video | None = None


Source = Callable[[Retrieval], list[Candidate]]


def retrieve(
    retrieval: Retrieval, sources: Iterable[str]
) -> tuple[dict[str, list[Candidate]], dict[int, Facts]]:
    """Each source's candidates that the pool holds, and the facts about them all.

    With a model, what the other sources found is scored by it too: within a narrow
    pool (a category, the followed) that ranks exactly, where retrieval finds little.
    """
    lists = {name: SOURCES[name](retrieval) for name in sources}
    found = {c.video_id for candidates in lists.values() for c in candidates}
    if retrieval.model is not None:
        lists[retrieval.model.name] = learned(retrieval, found)
        found |= {c.video_id for c in lists[retrieval.model.name]}
    facts = describe(retrieval.videos, found)
    return (
        {
            name: [c for c in candidates if c.video_id in facts]
            for name, candidates in lists.items()
        },
        facts,
    )


def describe(videos: eligible.Videos, keys: Collection[int]) -> dict[int, Facts]:
    """The facts about those of `keys` that the pool holds, in one query."""
    now = timezone.now()
    rows = (
        videos.filter(pk__in=keys)
        .order_by()
        .annotate(
            category_keys=ArrayAgg(
                "categories", distinct=True, filter=Q(categories__isnull=False)
            ),
            parent_keys=ArrayAgg(
                "parent_categories",
                distinct=True,
                filter=Q(parent_categories__isnull=False),
            ),
        )
        .values_list(
            "pk",
            "creator_id",
            "published_at",
            "category_keys",
            "parent_keys",
            "duration",
            "view_counts__day",
            "view_counts__week",
            "view_counts__month",
        )
    )
    return {
        pk: Facts(
            creator,
            now - (at or now),
            frozenset(categories or ()),
            frozenset(parents or ()),
            duration,
            (day or 0, week or 0, month or 0),
        )
        for pk, creator, at, categories, parents, duration, day, week, month in rows
    }


def learned(retrieval: Retrieval, others: Collection[int]) -> list[Candidate]:
    """What the model finds for the viewer, and what it makes of `others`."""
    model, viewer = retrieval.model, retrieval.viewer
    history = viewer.history
    if model is None or not (
        len(history.watched) or len(history.interests) or len(history.follows)
    ):
        return []
    hidden = [*viewer.seen, *viewer.dismissed, *retrieval.taken]
    hits = model.recommend(history, k=retrieval.limit, exclude=hidden)
    scores = dict(zip(hits.ids.tolist(), hits.scores.tolist(), strict=True))
    rest = [key for key in others if key not in scores]
    if rest:
        for key, score in zip(
            rest, model.score_items(history, rest).tolist(), strict=True
        ):
            if np.isfinite(score):
                scores[key] = score
    ranked = sorted(scores.items(), key=lambda row: (-row[1], row[0]))
    return [Candidate(key, model.name, score) for key, score in ranked]


def similar(retrieval: Retrieval) -> list[Candidate]:
    """Neighbours of the video beside, or of each of the viewer's interests in turn."""
    if retrieval.model is None:
        return []
    if retrieval.beside is not None:
        anchors: list[tuple[int, Because | None]] = [(retrieval.beside.pk, None)]
    else:
        anchors = [
            (row.video_id, Because("liked" if row.liked else "watched", row.video_id))
            for row in tastes(retrieval.viewer, retrieval.model)
        ]
    hidden = [*retrieval.viewer.seen, *retrieval.viewer.dismissed, *retrieval.taken]
    found = []
    for anchor, because in anchors:
        k = max(1, retrieval.limit // len(anchors))
        hits = retrieval.model.similar(anchor, k=k, exclude=hidden)
        found += [
            (rank, Candidate(key, "similar", score, because))
            for rank, (key, score) in enumerate(
                zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)
            )
        ]
    return _best_of(candidate for _, candidate in sorted(found, key=lambda row: row[0]))


def tastes(viewer: Viewer, model: Model) -> list[Interaction]:
    """The watches that stand for the viewer's interests: the newest, and the medoid of
    each cluster of them in the model's space, the weightiest first."""
    watched = [row for row in viewer.newest if row.score > 0]
    vectors = model.item_vectors([row.video_id for row in watched])
    if vectors is None:
        return watched[:ANCHORS]
    known = np.flatnonzero(vectors.any(1))
    weights = [watched[row].score * np.exp(-row / FADE) for row in known]
    medoids = [
        watched[known[interest.medoid]]
        for interest in interest_clusters.interests(vectors[known], weights)
    ]
    return list(dict.fromkeys([*watched[:1], *medoids]))


def following(retrieval: Retrieval) -> list[Candidate]:
    """The newest of the creators followed."""
    followed = list(retrieval.viewer.followed)
    if not followed:
        return []
    rows = newest_first(retrieval.videos.filter(creator__in=followed))
    return [
        Candidate(pk, "following", _newness(at), Because("follows", creator))
        for pk, creator, at in rows.values_list("pk", "creator_id", "published_at")[
            : retrieval.limit
        ]
    ]


def category(retrieval: Retrieval) -> list[Candidate]:
    """The popular of the categories that the viewer cares for most, and of the parent
    categories chosen."""
    caring = retrieval.viewer.interests
    top = heapq.nlargest(TOP_CATEGORIES, caring, key=lambda key: caring[key])
    rows = (
        eligible.in_categories(retrieval.videos, top)
        .annotate(heat=_heat())
        .order_by("-heat", "-pk")
    )
    found = []
    if top:
        greatest = caring[top[0]]
        found = [
            Candidate(
                pk,
                "category",
                heat * caring[key] / greatest,
                Because("category", key),
            )
            for pk, heat, key in rows.filter(categories__in=top).values_list(
                "pk", "heat", "categories"
            )[: retrieval.limit]
        ]
    chosen = list(retrieval.viewer.chosen)
    if chosen:
        rows = (
            eligible.in_parents(retrieval.videos, chosen)
            .filter(parent_categories__in=chosen)
            .annotate(heat=_heat())
            .order_by("-heat", "-pk")
        )
        found += [
            Candidate(pk, "category", heat / 2, Because("parent", key))
            for pk, heat, key in rows.values_list("pk", "heat", "parent_categories")[
                : retrieval.limit
            ]
        ]
    return _best_of(sorted(found, key=lambda c: (-c.score, -c.video_id)))


def mood(retrieval: Retrieval) -> list[Candidate]:
    """Those of the viewer's mood, by how strongly they have it, then by popularity."""
    if not retrieval.viewer.mood:
        return []
    rows = (
        store.in_mood(retrieval.videos, retrieval.viewer.mood)
        .annotate(heat=_heat())
        .order_by("-mood_strength", "-heat", "-pk")
    )
    return [
        Candidate(pk, "mood", strength)
        for pk, strength in rows.values_list("pk", "mood_strength")[: retrieval.limit]
    ]


def fresh(retrieval: Retrieval) -> list[Candidate]:
    """The newest."""
    rows = newest_first(retrieval.videos).values_list("pk", "published_at")
    return [Candidate(pk, "fresh", _newness(at)) for pk, at in rows[: retrieval.limit]]


def popular(retrieval: Retrieval) -> list[Candidate]:
    """The most engaging, less with age; after the first, plainly "catalogue".

    It yields the whole of a pool that is smaller than the limit, so a feed that has
    this source is never short of videos.
    """
    rows = retrieval.videos.annotate(heat=_heat()).order_by("-heat", "-pk")
    return [
        Candidate(pk, "popular" if heat and place < POPULAR else "catalogue", heat)
        for place, (pk, heat) in enumerate(
            rows.values_list("pk", "heat")[: retrieval.limit]
        )
    ]


def trending(retrieval: Retrieval) -> list[Candidate]:
    """The most engaging of the last days, by when people watched."""
    since = timezone.now() - TRENDING_WINDOW
    rows = (
        retrieval.videos.filter(engagements__last_at__gte=since)
        .annotate(heat=Sum("engagements__score"))
        .filter(heat__gt=0)
        .order_by("-heat", "-pk")
    )
    return [
        Candidate(pk, "trending", heat)
        for pk, heat in rows.values_list("pk", "heat")[: retrieval.limit]
    ]


def creator(retrieval: Retrieval) -> list[Candidate]:
    """More from whoever made the video beside, newest first."""
    if retrieval.beside is None:
        return []
    mine = retrieval.videos.filter(creator=retrieval.beside.creator_id)
    rows = newest_first(mine).values_list("pk", "published_at")
    return [
        Candidate(pk, "creator", _newness(at)) for pk, at in rows[: retrieval.limit]
    ]


def same_category(retrieval: Retrieval) -> list[Candidate]:
    """The popular of the categories of the video beside; those that share a category
    come before those that share a parent category alone."""
    if retrieval.beside is None:
        return []
    found = []
    for kind, relation in (("category", "categories"), ("parent", "parent_categories")):
        keys = list(getattr(retrieval.beside, relation).values_list("pk", flat=True))
        rows = (
            retrieval.videos.filter(**{f"{relation}__in": keys})
            .annotate(heat=_heat())
            .order_by("-heat", "-pk")
        )
        found += [
            Candidate(pk, "same_category", heat, Because(kind, key))
            for pk, heat, key in rows.values_list("pk", "heat", relation)[
                : retrieval.limit
            ]
        ]
    return _best_of(found)


SOURCES: dict[str, Source] = {
    "similar": similar,
    "following": following,
    "category": category,
    "mood": mood,
    "fresh": fresh,
    "popular": popular,
    "trending": trending,
    "creator": creator,
    "same_category": same_category,
}


def newest_first(videos: eligible.Videos) -> eligible.Videos:
    return videos.order_by("-published_at", "-pk")


def _newness(published_at: datetime | None) -> float:
    return (published_at or timezone.now()).timestamp()


def _heat() -> Expression:
    """Engagement over age: hyperbolic, so that very old videos still have an order."""
    age = Extract(Now() - Coalesce("published_at", Now()), "epoch")
    half = POPULARITY_AGE.total_seconds()
    heat: Expression = F("engagement") / (1 + age / half)
    return Coalesce(heat, 0.0, output_field=FloatField())


def _best_of(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The first candidate of each video."""
    first: dict[int, Candidate] = {}
    for candidate in candidates:
        first.setdefault(candidate.video_id, candidate)
    return list(first.values())
