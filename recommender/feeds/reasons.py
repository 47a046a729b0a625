"""Reasons: one true sentence about why a video is in a feed.

They are found for the page that is shown, when it is shown. They name the viewer's own
actions and numbers of people, never what another person watched. `graph_evidence` finds
what leads to a video through other people.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import timedelta
from string import Formatter

from django.utils import timezone

from accounts.models import User
from accounts.moods import Mood
from recommender.feeds import graph_evidence
from recommender.feeds.graph_evidence import GraphEvidence
from recommender.ml.data.catalogue import Label
from recommender.ml.models.base import Contribution, Model
from recommender.ml.ranking.candidates import Evidence
from recommender.retrieval.sources import SOURCES
from recommender.retrieval.types import LEARNED, Precedence, Source
from recommender.retrieval.viewer import Viewer
from videos.models import Video

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


@dataclass(frozen=True)
class Shown:
    """A video on a page, with the source that found it and its evidence.

    `source` is the name of a source or of a model.
    """

    video: Video
    source: str
    evidence: Evidence | None = None

    @property
    def found_by(self) -> Source:
        return SOURCES.get(self.source) or SOURCES[LEARNED]


@dataclass(frozen=True)
class Properties:
    """What reasons say of a video itself."""

    creator_id: int
    is_new: bool
    categories: frozenset[int]
    parents: frozenset[int]


def reasons(
    viewer: Viewer,
    items: Sequence[Shown],
    models: Sequence[Model] = (),
    related_to: Video | None = None,
) -> list[str]:
    """One reason for each video, in a bounded number of queries.

    `models` are those that may have found them.
    """
    properties = _properties(viewer, items)
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
    names = _Names.load(viewer, items, co_watched.values())
    return [
        _likers(graph.likers.get(item.video.pk, 0))
        or _finishers(co_watched.get(item.video.pk), names, related_to)
        or _Wording(
            item.found_by,
            item.evidence,
            properties[item.video.pk],
            names,
            viewer,
        ).text()
        for item in items
    ]


def _properties(viewer: Viewer, items: Sequence[Shown]) -> dict[int, Properties]:
    described = viewer.catalogue.describe([item.video.pk for item in items])
    now = timezone.now()
    known = {}
    for item in items:
        video = item.video
        place = described.place.get(video.pk)
        if place is None:  # not listed
            categories = list(video.categories.values_list("pk", flat=True))
            parents = list(video.parent_categories.values_list("pk", flat=True))
        else:
            categories, parents = described.labels_of(place)
        known[video.pk] = Properties(
            video.creator_id,
            now - (video.published_at or now) < NEW,
            frozenset(categories),
            frozenset(parents),
        )
    return known


def _with_contributions(
    viewer: Viewer,
    items: Sequence[Shown],
    properties: Mapping[int, Properties],
    models: Sequence[Model],
) -> list[Shown]:
    """Adds to what a model found the action that contributes most to its score."""
    explained = list(items)
    for model in {model.name: model for model in reversed(models)}.values():
        places = [i for i, item in enumerate(items) if item.source == model.name]
        if not places:
            continue
        keys = [items[i].video.pk for i in places]
        every = model.contributions(viewer.history, keys)
        parents = _parents_of(
            viewer, {c.id for each in every for c in each if c.relation in WATCHED}
        )
        for place, contributions in zip(places, every, strict=True):
            video = properties[items[place].video.pk]
            plausible = [c for c in contributions if _is_plausible(c, video, parents)]
            if plausible:
                best = max(
                    plausible,
                    key=lambda c: c.amount * CONTRIBUTION_WEIGHTS.get(c.relation, 1.0),
                )
                evidence = Evidence(EVIDENCE_KINDS[best.relation], best.id)
                explained[place] = replace(items[place], evidence=evidence)
    return explained


def _is_weak(item: Shown) -> bool:
    """Whether a co-watch says more than the reason of its source."""
    precedence = item.found_by.precedence
    if precedence == Precedence.UNDER_CO_WATCH:
        return True
    other = precedence not in (Precedence.OVER_CO_WATCH, Precedence.ALWAYS)
    return other and item.evidence is None


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


@dataclass(frozen=True)
class _Names:
    """The names that the reasons of one page use, by key."""

    titles: Mapping[int, str]
    creators: Mapping[int, str]
    categories: Mapping[int, Label]
    parents: Mapping[int, Label]

    @classmethod
    def load(
        cls, viewer: Viewer, items: Sequence[Shown], co_watched: Collection[int]
    ) -> _Names:
        evidence = [item.evidence for item in items if item.evidence is not None]
        anchors = {each.pk for each in evidence if each.kind in WATCHED}
        titles: dict[int, str] = {}
        if anchors := anchors.union(co_watched):
            visible = Video.objects.visible_to(viewer.user).filter(pk__in=anchors)
            titles = dict(visible.values_list("pk", "title"))
        creators = {item.video.creator_id: item.video.creator for item in items}
        names = {key: user.display_name for key, user in creators.items()}
        followed = {each.pk for each in evidence if each.kind == "follows"}
        if others := followed - names.keys():
            people = User.objects.filter(pk__in=others)
            for user in people.only("first_name", "last_name", "username"):
                names[user.pk] = user.display_name
        return cls(titles, names, viewer.catalogue.categories, viewer.catalogue.parents)


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
    properties: Properties
    names: _Names
    viewer: Viewer

    def text(self) -> str:
        """The first template whose fields all have a value."""
        new = self.source.new_reason if self.properties.is_new else ()
        for template in (*new, *self.source.reason):
            names = [name for _, name, _, _ in Formatter().parse(template) if name]
            values = {name: getattr(self, name)() for name in names}
            if all(values.values()):
                return template.format_map(values)
        raise ValueError(f"No reason of the source {self.source.name} applies.")

    def creator(self) -> str:
        return self.names.creators[self.properties.creator_id]

    def mood(self) -> str:
        return str(Mood(self.viewer.mood).label)

    def subject(self) -> str:
        """The category to name the video by: of several the viewer's favourite."""
        interests = self.viewer.interests
        named = [
            key for key in self.properties.categories if key in self.names.categories
        ]
        if named:
            best = max(named, key=lambda key: (interests.get(key, 0.0), -key))
            return self.names.categories[best].name
        parents = self.names.parents
        return min(
            (parents[key].name for key in self.properties.parents if key in parents),
            default="",
        )

    def shared_category(self) -> str:
        """The category or parent category that is the evidence."""
        assert self.evidence is not None
        is_parent = self.evidence.kind == "parent"
        labels = self.names.parents if is_parent else self.names.categories
        label = labels.get(self.evidence.pk)
        return label.name if label is not None else ""

    def interest(self) -> str:
        """That category with its relation to the viewer: "Music, which you picked"."""
        assert self.evidence is not None
        name = self.shared_category()
        if not name or self.evidence.kind == "parent":
            return f"{name}, which you picked" if name else ""
        parent = self.names.categories[self.evidence.pk].parent
        if parent is not None and parent in self.viewer.chosen:
            return f"{name}: you picked {self.viewer.chosen[parent]}"
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
        if creator == self.properties.creator_id:
            return f"From {self.creator()}, whom you follow"
        name = self.names.creators.get(creator)
        return f"Because you follow {name}" if name else ""

    def _chosen_parent(self, key: int) -> str:
        parent = self.names.parents.get(key)
        if parent is None:
            return ""
        subject = self.subject()
        if subject and key in self.properties.parents and subject != parent.name:
            return f"{subject}, because you picked {parent.name}"
        return f"Because you picked {parent.name}"
