"""Reasons: one true sentence about why a video is in a feed.

They name the viewer's own actions and numbers of people, never what another person
watched. `graph_evidence` finds what leads to a video through other people.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from string import Formatter

from accounts.models import User
from accounts.moods import Mood
from recommender.feeds import graph_evidence
from recommender.feeds.graph_evidence import GraphEvidence
from recommender.feeds.pagination import PlannedItem
from recommender.ml.models.base import Contribution, Model
from recommender.ml.ranking.candidates import CandidateFeatures, Evidence, Ranked
from recommender.retrieval.sources import SOURCES
from recommender.retrieval.types import LEARNED, Precedence, Request, Source
from recommender.retrieval.viewer import Viewer
from videos.models import Category, ParentCategory, Video

NEW = timedelta(days=14)
WATCHED = ("watched", "liked")
# A chosen interest moves every score a little; an action that moves this one half as
# much says more about it.
CONTRIBUTION_WEIGHTS = {"interested_in": 0.5}
EVIDENCE_KINDS = {
    "watched": "watched",
    "liked": "liked",
    "follows": "follows",
    "interested_in": "parent",
}

Features = Mapping[int, CandidateFeatures]


def planned(
    request: Request, ranked: Sequence[Ranked], features: Features
) -> list[PlannedItem]:
    """The ranked videos as items of a feed, each with its reason.

    The source of what the model found is the model's name.
    """
    learned = request.model.name if request.model is not None else LEARNED
    return [
        PlannedItem(
            item.video_id,
            learned if item.source == LEARNED else item.source,
            item.score,
            reason,
            logged=item.logged,
        )
        for item, reason in zip(ranked, reasons(request, ranked, features), strict=True)
    ]


def reasons(
    request: Request, ranked: Sequence[Ranked], features: Features
) -> list[str]:
    """One reason for each ranked video, in a bounded number of queries."""
    viewer, related_to = request.viewer, request.related_to
    items = _with_contributions(viewer, ranked, features, request.model)
    graph = GraphEvidence({}, {})
    if related_to is not None or viewer.newest or viewer.followed:
        replaceable = [
            item.video_id
            for item in items
            if SOURCES[item.source].precedence != Precedence.ALWAYS
        ]
        graph = graph_evidence.for_videos(viewer, replaceable, related_to)
    co_watched = _co_watched(items, graph, features, related_to)
    names = _Names.load(viewer, items, features, co_watched.values())
    return [
        _likers(graph.likers.get(item.video_id, 0))
        or _finishers(co_watched.get(item.video_id), names, related_to)
        or _Wording(
            SOURCES[item.source],
            item.evidence,
            features[item.video_id],
            names,
            viewer,
        ).text()
        for item in items
    ]


def _with_contributions(
    viewer: Viewer, ranked: Sequence[Ranked], features: Features, model: Model | None
) -> list[Ranked]:
    """Adds to what the model found the action that contributes most to its score."""
    items = list(ranked)
    places = [i for i, item in enumerate(items) if item.source == LEARNED]
    if model is None or not places:
        return items
    every = model.contributions(viewer.history, [items[i].video_id for i in places])
    parents = _parents_of(
        {c.id for each in every for c in each if c.relation in WATCHED}
    )
    for place, contributions in zip(places, every, strict=True):
        video = features[items[place].video_id]
        plausible = [c for c in contributions if _is_plausible(c, video, parents)]
        if plausible:
            best = max(
                plausible,
                key=lambda c: c.amount * CONTRIBUTION_WEIGHTS.get(c.relation, 1.0),
            )
            evidence = Evidence(EVIDENCE_KINDS[best.relation], best.id)
            items[place] = replace(items[place], evidence=evidence)
    return items


def _co_watched(
    items: Sequence[Ranked],
    graph: GraphEvidence,
    features: Features,
    related_to: Video | None,
) -> dict[int, int]:
    """For items with a weak reason, the video whose viewers finished theirs.

    The two must share a parent category, except on Related.
    """
    parents: dict[int, frozenset[int]] = {}
    if related_to is None:
        parents = _parents_of(set().union(*graph.finished.values()))
    co_watched = {}
    for item in items:
        precedence = SOURCES[item.source].precedence
        weak = item.evidence is None and precedence != Precedence.OVER_CO_WATCH
        if weak or precedence == Precedence.UNDER_CO_WATCH:
            video = features[item.video_id]
            for anchor in graph.finished.get(item.video_id, ()):
                if related_to is not None or _share_parent(video, parents.get(anchor)):
                    co_watched[item.video_id] = anchor
                    break
    return co_watched


def _is_plausible(
    contribution: Contribution,
    video: CandidateFeatures,
    parents: Mapping[int, frozenset[int]],
) -> bool:
    """Whether a person sees the connection between the action and the video."""
    match contribution.relation:
        case "follows":
            return contribution.id == video.creator_id
        case "interested_in":
            return contribution.id in video.parents
    return _share_parent(video, parents.get(contribution.id))


def _share_parent(video: CandidateFeatures, parents: frozenset[int] | None) -> bool:
    return not video.parents or not video.parents.isdisjoint(parents or ())


def _parents_of(videos: Collection[int]) -> dict[int, frozenset[int]]:
    if not videos:
        return {}
    rows = Video.parent_categories.through.objects.filter(video__in=videos)
    keys: dict[int, set[int]] = {}
    for video, parent in rows.values_list("video_id", "parentcategory_id"):
        keys.setdefault(video, set()).add(parent)
    return {video: frozenset(parents) for video, parents in keys.items()}


@dataclass(frozen=True)
class _Names:
    """The names that the reasons of one feed use, by key."""

    titles: Mapping[int, str]
    creators: Mapping[int, str]
    categories: Mapping[int, Category]
    parents: Mapping[int, ParentCategory]

    @classmethod
    def load(
        cls,
        viewer: Viewer,
        items: Sequence[Ranked],
        features: Features,
        co_watched: Collection[int],
    ) -> _Names:
        wanted: dict[str, set[int]] = {
            kind: set() for kind in (*WATCHED, "follows", "category", "parent")
        }
        for item in items:
            if item.evidence is not None:
                wanted[item.evidence.kind].add(item.evidence.pk)
        videos = [features[item.video_id] for item in items]
        titles = (
            Video.objects.visible_to(viewer.user)
            .filter(pk__in=wanted["watched"].union(wanted["liked"], co_watched))
            .values_list("pk", "title")
        )
        people = User.objects.filter(
            pk__in={video.creator_id for video in videos} | wanted["follows"]
        )
        return cls(
            titles=dict(titles),
            creators={
                user.pk: user.display_name
                for user in people.only("first_name", "last_name", "username")
            },
            categories=Category.objects.select_related("parent_category").in_bulk(
                list(wanted["category"].union(*(v.categories for v in videos)))
            ),
            parents=ParentCategory.objects.in_bulk(
                list(wanted["parent"].union(*(v.parents for v in videos)))
            ),
        )


def _likers(number: int) -> str:
    return f"{number} people you follow liked it" if number else ""


def _finishers(anchor: int | None, names: _Names, related_to: Video | None) -> str:
    if anchor is None:
        return ""
    if related_to is not None:
        return "Watched by people who finished this video"
    title = names.titles.get(anchor)
    return f"Watched by people who finished “{title}”" if title else ""


@dataclass(frozen=True)
class _Wording:
    """The fields that the templates of a source may use."""

    source: Source
    evidence: Evidence | None
    video: CandidateFeatures
    names: _Names
    viewer: Viewer

    def text(self) -> str:
        """The first template whose fields all have a value."""
        new = self.source.new_reason if self.video.age < NEW else ()
        for template in (*new, *self.source.reason):
            names = [name for _, name, _, _ in Formatter().parse(template) if name]
            values = {name: getattr(self, name)() for name in names}
            if all(values.values()):
                return template.format_map(values)
        raise ValueError(f"No reason of the source {self.source.name} applies.")

    def creator(self) -> str:
        return self.names.creators[self.video.creator_id]

    def mood(self) -> str:
        return str(Mood(self.viewer.mood).label)

    def subject(self) -> str:
        """The category to name the video by: of several the viewer's favourite."""
        interests = self.viewer.interests
        categories = [self.names.categories[key] for key in self.video.categories]
        if categories:
            best = max(categories, key=lambda c: (interests.get(c.pk, 0.0), -c.pk))
            return best.name
        parents = [self.names.parents[key].name for key in self.video.parents]
        return min(parents, default="")

    def shared_category(self) -> str:
        """The category or parent category that is the evidence."""
        assert self.evidence is not None
        if self.evidence.kind == "parent":
            return self.names.parents[self.evidence.pk].name
        return self.names.categories[self.evidence.pk].name

    def interest(self) -> str:
        """That category with its relation to the viewer: "Music, which you picked"."""
        assert self.evidence is not None
        name = self.shared_category()
        if self.evidence.kind == "parent":
            return f"{name}, which you picked"
        parent = self.names.categories[self.evidence.pk].parent_category
        if parent.pk in self.viewer.chosen:
            return f"{name}: you picked {parent.name}"
        return f"{name}, which you watch"

    def history(self) -> str:
        """The action that is the evidence, empty where nothing can be named."""
        if self.evidence is None:
            return ""
        match self.evidence.kind:
            case "watched" | "liked":
                title = self.names.titles.get(self.evidence.pk)
                verb = self.evidence.kind
                # A video that was made private since must not be named.
                return (
                    f"Because you {verb} “{title}”" if title else f"Like one you {verb}"
                )
            case "follows":
                return self._follow(self.evidence.pk)
            case "parent":
                return self._chosen_parent(self.evidence.pk)
        return ""

    def _follow(self, creator: int) -> str:
        if creator == self.video.creator_id:
            return f"From {self.creator()}, whom you follow"
        name = self.names.creators.get(creator)
        return f"Because you follow {name}" if name else ""

    def _chosen_parent(self, key: int) -> str:
        parent = self.names.parents.get(key)
        if parent is None:
            return ""
        subject = self.subject()
        if subject and key in self.video.parents and subject != parent.name:
            return f"{subject}, because you picked {parent.name}"
        return f"Because you picked {parent.name}"
