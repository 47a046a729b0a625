"""Retrieval: candidates for a request, by the query of each source.

A query starts from the eligible videos of its request, so SQL decides on visibility.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Expression, F, FloatField, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Extract, Now
from django.utils import timezone

from recommender.ml.models.base import Model
from recommender.ml.ranking.candidates import (
    Candidate,
    CandidateFeatures,
    CandidateSet,
    Evidence,
)
from recommender.retrieval.interests import representatives
from recommender.retrieval.types import LEARNED, Request, Source
from recommender.retrieval.viewer import Videos
from videos.moods import store

CATALOGUE = "catalogue"  # candidates of `popular` after the first

TRENDING_WINDOW = timedelta(days=7)
POPULARITY_AGE = timedelta(days=14)  # a video of this age counts half
POPULAR = 60  # how many videos may be called popular
TOP_CATEGORIES = 10


def retrieve(request: Request, sources: Iterable[Source]) -> CandidateSet:
    """The eligible candidates of each source, with their features.

    With a model, `LEARNED` is one of the sources: it also scores the candidates of the
    others, so that a small selection (a category, the followed) is ranked exactly.
    """
    lists = {source.name: _fetch(source, request) for source in sources}
    keys = {c.video_id for candidates in lists.values() for c in candidates}
    if request.model is not None:
        lists[LEARNED] = learned(request, request.model, keys)
        keys |= {c.video_id for c in lists[LEARNED]}
    features = describe(request.videos, keys)
    eligible = {
        name: [c for c in candidates if c.video_id in features]
        for name, candidates in lists.items()
    }
    return CandidateSet(eligible, features)


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


def learned(request: Request, model: Model, others: Collection[int]) -> list[Candidate]:
    """Videos that the model recommends to the viewer, and its scores of `others`."""
    history = request.viewer.history
    if not (len(history.watched) or len(history.interests) or len(history.follows)):
        return []
    hits = model.recommend(history, k=request.limit, exclude=_hidden(request))
    scores = dict(zip(hits.ids.tolist(), hits.scores.tolist(), strict=True))
    rest = [key for key in others if key not in scores]
    if rest:
        of_rest = model.score_items(history, rest).tolist()
        scores |= {k: s for k, s in zip(rest, of_rest, strict=True) if np.isfinite(s)}
    ranked = sorted(scores.items(), key=lambda row: (-row[1], row[0]))
    return [Candidate(key, LEARNED, score) for key, score in ranked]


def similar(request: Request) -> list[Candidate]:
    """Neighbours of the related video, or of each of the viewer's interests in turn."""
    if request.model is None or not (request.related_to or request.viewer.newest):
        return []
    if request.related_to is not None:
        anchors: list[tuple[int, Evidence | None]] = [(request.related_to.pk, None)]
    else:
        anchors = [
            (row.video_id, Evidence("liked" if row.liked else "watched", row.video_id))
            for row in representatives(request.viewer, request.model)
        ]
    hidden = _hidden(request)
    ranked = []
    for anchor, evidence in anchors:
        k = max(1, request.limit // len(anchors))
        hits = request.model.similar(anchor, k=k, exclude=hidden)
        ranked += [
            (rank, Candidate(key, "similar", score, evidence))
            for rank, (key, score) in enumerate(
                zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)
            )
        ]
    return _first_of_each(c for _, c in sorted(ranked, key=lambda row: row[0]))


def following(request: Request) -> list[Candidate]:
    """The newest videos of followed creators."""
    followed = list(request.viewer.followed)
    if not followed:
        return []
    rows = _newest_first(request.videos.filter(creator__in=followed))
    return [
        Candidate(pk, "following", _newness(at), Evidence("follows", creator))
        for pk, creator, at in rows.values_list("pk", "creator_id", "published_at")[
            : request.limit
        ]
    ]


def category(request: Request) -> list[Candidate]:
    """Popular videos of the viewer's strongest categories and chosen parent categories.

    A score is weighed by the interest in the category, over the greatest interest.
    """
    interests = request.viewer.interests
    top = heapq.nlargest(TOP_CATEGORIES, interests, key=lambda key: interests[key])
    candidates = []
    if top:
        greatest = interests[top[0]]
        in_top = request.videos.in_categories(top).filter(categories__in=top)
        candidates = [
            Candidate(
                pk,
                "category",
                heat * interests[key] / greatest,
                Evidence("category", key),
            )
            for pk, heat, key in _hottest(in_top).values_list(
                "pk", "heat", "categories"
            )[: request.limit]
        ]
    chosen = list(request.viewer.chosen)
    if chosen:
        in_chosen = request.videos.in_parent_categories(chosen).filter(
            parent_categories__in=chosen
        )
        candidates += [
            Candidate(pk, "category", heat / 2, Evidence("parent", key))
            for pk, heat, key in _hottest(in_chosen).values_list(
                "pk", "heat", "parent_categories"
            )[: request.limit]
        ]
    return _first_of_each(sorted(candidates, key=lambda c: (-c.score, -c.video_id)))


def mood(request: Request) -> list[Candidate]:
    """Videos of the viewer's mood by its strength, then by popularity."""
    if not request.viewer.mood:
        return []
    in_mood = store.in_mood(request.videos, request.viewer.mood)
    rows = _hottest(in_mood).order_by("-mood_strength", "-heat", "-pk")
    return [
        Candidate(pk, "mood", strength)
        for pk, strength in rows.values_list("pk", "mood_strength")[: request.limit]
    ]


def fresh(request: Request) -> list[Candidate]:
    """The newest videos."""
    rows = _newest_first(request.videos).values_list("pk", "published_at")
    return [Candidate(pk, "fresh", _newness(at)) for pk, at in rows[: request.limit]]


def popular(request: Request) -> list[Candidate]:
    """Videos by engagement over age; after the first `POPULAR` as `CATALOGUE`.

    Returns all eligible videos if they are fewer than the limit, so a feed with this
    source is never short of videos.
    """
    rows = _hottest(request.videos).values_list("pk", "heat")[: request.limit]
    return [
        Candidate(pk, "popular" if heat and place < POPULAR else CATALOGUE, heat)
        for place, (pk, heat) in enumerate(rows)
    ]


def trending(request: Request) -> list[Candidate]:
    """Videos by the engagement of people who watched within `TRENDING_WINDOW`."""
    since = timezone.now() - TRENDING_WINDOW
    rows = (
        request.videos.filter(engagements__last_at__gte=since)
        .annotate(heat=Sum("engagements__score"))
        .filter(heat__gt=0)
        .order_by("-heat", "-pk")
    )
    return [
        Candidate(pk, "trending", heat)
        for pk, heat in rows.values_list("pk", "heat")[: request.limit]
    ]


def creator(request: Request) -> list[Candidate]:
    """Other videos of the creator of the related video, newest first."""
    if request.related_to is None:
        return []
    others = request.videos.filter(creator=request.related_to.creator_id)
    rows = _newest_first(others).values_list("pk", "published_at")
    return [Candidate(pk, "creator", _newness(at)) for pk, at in rows[: request.limit]]


def same_category(request: Request) -> list[Candidate]:
    """Popular videos of the related video's categories, then of their parents."""
    if request.related_to is None:
        return []
    candidates = []
    for kind, relation in (("category", "categories"), ("parent", "parent_categories")):
        keys = list(getattr(request.related_to, relation).values_list("pk", flat=True))
        rows = _hottest(request.videos.filter(**{f"{relation}__in": keys}))
        candidates += [
            Candidate(pk, "same_category", heat, Evidence(kind, key))
            for pk, heat, key in rows.values_list("pk", "heat", relation)[
                : request.limit
            ]
        ]
    return _first_of_each(candidates)


def _fetch(source: Source, request: Request) -> list[Candidate]:
    if source.fetch is None:
        raise ValueError(f"The source {source.name} cannot be fetched.")
    return source.fetch(request)


def _keys_of(relation: str) -> ArrayAgg:
    present = Q(**{f"{relation}__isnull": False})
    return ArrayAgg(relation, distinct=True, filter=present)


def _newest_first(videos: Videos) -> Videos:
    return videos.order_by("-published_at", "-pk")


def _newness(published_at: datetime | None) -> float:
    return (published_at or timezone.now()).timestamp()


def _hidden(request: Request) -> list[int]:
    """Keys of the videos that a model need not retrieve."""
    return [*request.viewer.seen, *request.viewer.dismissed, *request.excluded]


def _hottest(videos: Videos) -> QuerySet[Any]:
    """By `heat`: engagement over age.

    It falls hyperbolically, so that very old videos still have an order.
    """
    return videos.annotate(heat=_heat()).order_by("-heat", "-pk")


def _heat() -> Expression:
    age = Extract(Now() - Coalesce("published_at", Now()), "epoch")
    half = POPULARITY_AGE.total_seconds()
    heat: Expression = F("engagement") / (1 + age / half)
    return Coalesce(heat, 0.0, output_field=FloatField())


def _first_of_each(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The first candidate of each video."""
    first: dict[int, Candidate] = {}
    for candidate in candidates:
        first.setdefault(candidate.video_id, candidate)
    return list(first.values())
