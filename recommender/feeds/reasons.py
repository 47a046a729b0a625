"""Reasons: one true sentence about why a video is in a feed.

They are found for the page that is shown, when it is shown. They name the viewer's own
actions and numbers of people, never what another person watched. `graph_evidence` finds
what leads to a video through other people, `wording` has the sentences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import timedelta
from itertools import chain

from django.utils import timezone

from recommender.feeds import graph_evidence
from recommender.feeds.graph_evidence import GraphEvidence
from recommender.feeds.wording import (
    WATCHED,
    Names,
    Properties,
    Shown,
    Wording,
    finishers,
    likers,
)
from recommender.ml.models.base import Contribution, Model
from recommender.ml.ranking.candidates import Evidence
from recommender.retrieval.types import Precedence
from recommender.retrieval.viewer import Viewer
from videos.models import Video

__all__ = ["Shown", "reasons", "without_itself"]

NEW = timedelta(days=14)
# A chosen interest moves every score a little; an action that moves this one half as
# much says more about it.
CONTRIBUTION_WEIGHTS = {"interested_in": 0.5}
EVIDENCE_KINDS = {
    "watched": "watched",
    "liked": "liked",
    "follows": "follows",
    "interested_in": "parent",
}
NAMED = 2  # actions that the sentences about a video may name
FEWEST_ALIKE = 3  # a page may say the same of so many videos, or of a quarter of them


def reasons(
    viewer: Viewer,
    items: Sequence[Shown],
    models: Sequence[Model] = (),
    related_to: Video | None = None,
) -> list[str]:
    """One reason for each video, in a bounded number of queries.

    `models` are those that may have found them.
    """
    anchor = [related_to] if related_to is not None else []
    properties = _properties(viewer, [*(item.video for item in items), *anchor])
    items = _with_contributions(viewer, items, properties, models)
    graph = GraphEvidence({}, {})
    if related_to is not None or viewer.newest or viewer.followed:
        graph = graph_evidence.for_videos(
            viewer,
            [
                item.video.pk
                for item in items
                if item.found_by.precedence != Precedence.ALWAYS
            ],
            co_watched=[item.video.pk for item in items if _is_weak(item)],
            related_to=related_to,
        )
    co_watched = _co_watched(viewer, items, graph, properties, related_to)
    names = Names.load(viewer, items, co_watched.values())
    sentences = [
        chain(
            likers(graph.likers.get(item.video.pk, 0)),
            finishers(co_watched.get(item.video.pk), names, related_to),
            Wording(
                item,
                properties[item.video.pk],
                names,
                viewer,
                properties[related_to.pk] if related_to is not None else None,
            ).sentences(),
        )
        for item in items
    ]
    return _varied(sentences)


def _varied(sentences: Sequence[Iterable[str]]) -> list[str]:
    """The first sentence for each video that is not too frequent on the page."""
    limit = max(FEWEST_ALIKE, -(-len(sentences) // 4))
    used: Counter[str] = Counter()
    chosen = []
    for of_video in sentences:
        frequent = []
        for sentence in of_video:
            if used[sentence] < limit:
                best = sentence
                break
            frequent.append(sentence)
        else:
            best = min(frequent, key=lambda sentence: used[sentence])
        used[best] += 1
        chosen.append(best)
    return chosen


def _properties(viewer: Viewer, videos: Sequence[Video]) -> dict[int, Properties]:
    described = viewer.catalogue.describe([video.pk for video in videos])
    now = timezone.now()
    known = {}
    for video in videos:
        place = described.place.get(video.pk)
        if place is None:  # not listed
            categories = list(video.categories.values_list("pk", flat=True))
            parents = list(video.parent_categories.values_list("pk", flat=True))
        else:
            categories, parents = described.labels_of(place)
        known[video.pk] = Properties(
            video.creator_id,
            now - (video.published_at or now) < NEW,
            video.views > 0 or video.engagement > 0,
            frozenset(categories),
            frozenset(parents),
        )
    return known


def without_itself(
    contributions: Sequence[Contribution], video: int
) -> list[Contribution]:
    """Contributions without what the viewer did with the video itself."""
    return [c for c in contributions if c.id != video or c.relation not in WATCHED]


def _with_contributions(
    viewer: Viewer,
    items: Sequence[Shown],
    properties: Mapping[int, Properties],
    models: Sequence[Model],
) -> list[Shown]:
    """Adds to what a model found the actions that contribute most to its score."""
    explained = list(items)
    for model in {model.name: model for model in reversed(models)}.values():
        places = [i for i, item in enumerate(items) if item.source == model.name]
        if not places:
            continue
        keys = [items[i].video.pk for i in places]
        every = model.contributions(viewer.history, keys)
        others = [without_itself(*pair) for pair in zip(every, keys, strict=True)]
        parents = _parents_of(
            viewer, {c.id for each in others for c in each if c.relation in WATCHED}
        )
        for place, contributions in zip(places, others, strict=True):
            item = items[place]
            video = properties[item.video.pk]
            explained[place] = _explained(item, contributions, video, parents)
    return explained


def _explained(
    item: Shown,
    contributions: Sequence[Contribution],
    video: Properties,
    parents: Mapping[int, frozenset[int]],
) -> Shown:
    if not contributions:
        return item
    best: list[tuple[float, Contribution]] = []
    for each in contributions:  # the greatest amount first
        if len(best) == NAMED and each.amount <= best[-1][0]:
            break
        if _is_plausible(each, video, parents):
            weight = CONTRIBUTION_WEIGHTS.get(each.relation, 1.0)
            best.append((each.amount * weight, each))
            best.sort(key=lambda pair: pair[0], reverse=True)
            del best[NAMED:]
    evidence = tuple(Evidence(EVIDENCE_KINDS[c.relation], c.id) for _, c in best)
    return replace(
        item, evidence=evidence or item.evidence, relation=contributions[0].relation
    )


def _is_weak(item: Shown) -> bool:
    """Whether a co-watch says more than the reason of its source."""
    precedence = item.found_by.precedence
    if precedence == Precedence.UNDER_CO_WATCH:
        return True
    other = precedence not in (Precedence.OVER_CO_WATCH, Precedence.ALWAYS)
    return other and not item.evidence


def _co_watched(
    viewer: Viewer,
    items: Sequence[Shown],
    graph: GraphEvidence,
    properties: Mapping[int, Properties],
    related_to: Video | None,
) -> dict[int, int]:
    """For items with a weak reason, the video whose viewers finished theirs.

    The two must share a parent category, except on Related.
    """
    parents: dict[int, frozenset[int]] = {}
    if related_to is None:
        parents = _parents_of(viewer, set().union(*graph.finished.values()))
    co_watched = {}
    for item in items:
        if _is_weak(item):
            video = properties[item.video.pk]
            for anchor in graph.finished.get(item.video.pk, ()):
                if related_to is not None or _share_parent(video, parents.get(anchor)):
                    co_watched[item.video.pk] = anchor
                    break
    return co_watched


def _is_plausible(
    contribution: Contribution,
    video: Properties,
    parents: Mapping[int, frozenset[int]],
) -> bool:
    """Whether a person sees the connection between the action and the video."""
    match contribution.relation:
        case "follows":
            return contribution.id == video.creator_id
        case "interested_in":
            return contribution.id in video.parents
    return _share_parent(video, parents.get(contribution.id))


def _share_parent(video: Properties, parents: frozenset[int] | None) -> bool:
    return not video.parents or not video.parents.isdisjoint(parents or ())


def _parents_of(viewer: Viewer, videos: Set[int]) -> dict[int, frozenset[int]]:
    described = viewer.catalogue.describe(sorted(videos))
    parents = {
        key: frozenset(described.labels_of(place)[1])
        for key, place in described.place.items()
    }
    unlisted = videos - parents.keys()
    if unlisted:
        rows = Video.parent_categories.through.objects.filter(video__in=unlisted)
        for video, parent in rows.values_list("video_id", "parentcategory_id"):
            parents[video] = parents.get(video, frozenset()) | {parent}
    return parents
