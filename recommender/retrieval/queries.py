"""Retrieval: candidates for a request, by the query of each source.

A query reads the selected videos of the catalogue. `feeds.pagination` asks SQL whether
what is about to be shown may be shown.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import numpy as np
from django.db.models import Q

from recommender.ml.data.selection import Mask, Ordered, Selection
from recommender.ml.data.snapshot import IntArray
from recommender.ml.models.base import Model
from recommender.ml.ranking.candidates import Candidates
from recommender.retrieval.interests import representatives
from recommender.retrieval.types import LEARNED, Request, Source
from videos.models import Category, ParentCategory, Video

CATALOGUE = "catalogue"  # candidates of `popular` after the first

POPULAR = 60  # how many videos may be called popular
TOP_CATEGORIES = 10
MOST_LISTED = 5000  # keys of a condition that are read at once


def retrieve(request: Request, sources: Iterable[Source]) -> dict[str, Candidates]:
    """The eligible candidates of each source.

    With a model, `LEARNED` is one of the sources: it also scores the candidates of the
    others, so that a small selection (a category, the followed) is ranked exactly.
    """
    found = {source.name: _fetch(source, request) for source in sources}
    if request.model is not None:
        others = np.unique(np.concatenate([one.keys for one in found.values()]))
        found[LEARNED] = learned(request, request.model, others)
    return found


def learned(request: Request, model: Model, others: IntArray) -> Candidates:
    """Videos that the model recommends to the viewer, and its scores of `others`."""
    history = request.viewer.history
    if not (len(history.watched) or len(history.interests) or len(history.follows)):
        return Candidates.of(Ordered.nothing())
    hits = model.recommend(history, k=request.limit, exclude=_hidden(request))
    eligible = request.videos.holds(hits.ids)
    keys, scores = hits.ids[eligible], hits.scores[eligible]
    rest = others[~np.isin(others, hits.ids)]
    if len(rest):
        of_rest = model.score_items(history, rest)
        known = np.isfinite(of_rest)
        keys = np.concatenate([keys, rest[known]])
        scores = np.concatenate([scores, of_rest[known]])
    order = np.lexsort((keys, -scores))
    return Candidates.of(Ordered(keys[order], scores[order].astype(np.float64)))


def similar(request: Request) -> Candidates:
    """Neighbours of the related video, or of each of the viewer's interests in turn."""
    if request.model is None or not (request.related_to or request.viewer.newest):
        return Candidates.of(Ordered.nothing())
    if request.related_to is not None:
        anchors = [(request.related_to.pk, "")]
    else:
        anchors = [
            (row.video_id, "liked" if row.liked else "watched")
            for row in representatives(request.viewer, request.model)
        ]
    hidden = _hidden(request)
    lists = []
    for anchor, kind in anchors:
        k = max(1, request.limit // len(anchors))
        hits = request.model.nearest(anchor, k=k, exclude=hidden)
        found = Ordered(hits.ids, np.asarray(hits.scores, np.float64))
        lists.append(Candidates.of(found, kind, anchor))
    ranks = np.concatenate([np.arange(len(one)) for one in lists] or [np.empty(0, int)])
    in_turn = Candidates.joined(lists).at(np.argsort(ranks, kind="stable"))
    eligible = np.flatnonzero(request.videos.holds(in_turn.keys))
    return in_turn.at(eligible).first_of_each()


def following(request: Request) -> Candidates:
    """The newest videos of followed creators."""
    followed = list(request.viewer.followed)
    if not followed:
        return Candidates.of(Ordered.nothing())
    found, creators = request.videos.newest_of(followed, request.limit)
    return Candidates.of(found, "follows", creators)


def category(request: Request) -> Candidates:
    """Popular videos of the viewer's strongest categories and chosen parent categories.

    A score is weighed by the interest in the category, over the greatest interest.
    """
    interests = request.viewer.interests
    top = heapq.nlargest(TOP_CATEGORIES, interests, key=lambda key: interests[key])
    lists = []
    if top:
        greatest = interests[top[0]]
        found, label = request.videos.hottest_by_label("category", top, request.limit)
        interest = np.array([interests[key] for key in label.tolist()])
        weighed = Ordered(found.keys, found.scores * interest / greatest)
        lists.append(Candidates.of(weighed, "category", label))
    chosen = list(request.viewer.chosen)
    if chosen:
        found, label = request.videos.hottest_by_label("parent", chosen, request.limit)
        half = Ordered(found.keys, found.scores / 2)
        lists.append(Candidates.of(half, "parent", label))
    both = Candidates.joined(lists)
    return both.at(np.lexsort((-both.keys, -both.scores))).first_of_each()


def mood(request: Request) -> Candidates:
    """Videos of the viewer's mood by its strength, then by popularity."""
    if not request.viewer.mood:
        return Candidates.of(Ordered.nothing())
    return Candidates.of(request.videos.strongest(request.viewer.mood, request.limit))


def fresh(request: Request) -> Candidates:
    """The newest videos."""
    return Candidates.of(request.videos.newest(request.limit))


def popular(request: Request) -> Candidates:
    """Videos by engagement over age; after the first `POPULAR` as `CATALOGUE`.

    Returns all eligible videos if they are fewer than the limit, so a feed with this
    source is never short of videos.
    """
    found = request.videos.hottest(request.limit)
    popular = min(POPULAR, int(np.count_nonzero(found.scores)))
    return Candidates.of(found, remaining=popular)


def trending(request: Request) -> Candidates:
    """Videos by the engagement of people who watched lately."""
    return Candidates.of(request.videos.trending(request.limit))


def creator(request: Request) -> Candidates:
    """Other videos of the creator of the related video, newest first."""
    if request.related_to is None:
        return Candidates.of(Ordered.nothing())
    creators = [request.related_to.creator_id]
    return Candidates.of(request.videos.newest_of(creators, request.limit)[0])


def same_category(request: Request) -> Candidates:
    """Popular videos of the related video's categories, then of their parents."""
    if request.related_to is None:
        return Candidates.of(Ordered.nothing())
    lists = []
    for kind, labels in zip(
        ("category", "parent"), labels_of(request.related_to, request), strict=True
    ):
        found, label = request.videos.hottest_by_label(kind, labels, request.limit)
        lists.append(Candidates.of(found, kind, label))
    return Candidates.joined(lists).first_of_each()


def labels_of(video: Video, request: Request) -> tuple[list[int], list[int]]:
    """The keys of the video's categories and parent categories."""
    described = request.viewer.catalogue.describe([video.pk])
    if len(described):
        return described.labels_of(0)
    return (
        list(video.categories.values_list("pk", flat=True)),
        list(video.parent_categories.values_list("pk", flat=True)),
    )


def within(videos: Selection, category: Category | ParentCategory | None) -> Selection:
    """Videos of one category of either level; all videos for None."""
    if category is None:
        return videos
    if isinstance(category, ParentCategory):
        return videos.in_parents([category.pk])
    return videos.in_categories([category.pk])


def fulfilling(videos: Selection, condition: Q) -> Selection:
    """Videos that fulfil a condition which only PostgreSQL can check.

    The keys of a few are read at once. A condition that many fulfil is checked for the
    videos at the head of each list.
    """
    if not condition:
        return videos
    listed = Video.objects.listed().filter(condition).order_by()
    keys = list(listed.values_list("pk", flat=True)[: MOST_LISTED + 1])
    if len(keys) <= MOST_LISTED:
        return videos.among(keys)

    def check(keys: IntArray) -> Mask:
        found = listed.filter(pk__in=keys.tolist()).values_list("pk", flat=True)
        return np.isin(keys, list(found))

    return videos.checked(check)


def _fetch(source: Source, request: Request) -> Candidates:
    if source.fetch is None:
        raise ValueError(f"The source {source.name} cannot be fetched.")
    return source.fetch(request)


def _hidden(request: Request) -> IntArray:
    """Keys of the videos that a model need not retrieve."""
    viewer = request.viewer
    others = [*viewer.dismissed, *request.excluded]
    return np.concatenate([viewer.seen, np.array(others, np.int64)])
