"""The sentences that reasons are chosen from.

The table of sources has the templates of each source. A field is empty where it would
not be true of this viewer and this video at this moment, and a template with an empty
field is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from string import Formatter

from django.utils.text import Truncator

from accounts.models import User
from accounts.moods import Mood
from recommender.ml.data.catalogue import Label
from recommender.ml.ranking.candidates import Evidence
from recommender.retrieval.sources import LAST_RESORT, SOURCES
from recommender.retrieval.types import LEARNED, Source
from recommender.retrieval.viewer import Viewer
from videos.models import Video

WATCHED = ("watched", "liked")
LONGEST_TITLE = 70  # characters of a title inside a sentence
# By what contributes most to the score of a model, where no action can be named.
RELATIONS = {
    "watched": "Close to what you watch",
    "liked": "Close to what you like",
    "follows": "Based on the people you follow",
    "interested_in": "Based on the subjects you picked",
}
# What may be said of a video whatever found it, after the templates of its source.
OF_ANY_SOURCE = (
    "{also_by}",
    "{also_in}",
    "By {followed_creator}, whom you follow",
    "{own_subject}",
    "New in {new_subject}",
    "{popular} in {subject}",
    "More in {subject}",
)
OF_ANY_VIDEO = "From all videos"


@dataclass(frozen=True)
class Shown:
    """A video on a page, with the source that found it and its evidence, best first.

    `source` is the name of a source or of a model. `relation` is that of the action
    that contributes most to the score of a model.
    """

    video: Video
    source: str
    evidence: tuple[Evidence, ...] = ()
    relation: str = ""

    @property
    def found_by(self) -> Source:
        return SOURCES.get(self.source) or SOURCES[LEARNED]


@dataclass(frozen=True)
class Properties:
    """What reasons say of a video itself."""

    creator_id: int
    is_new: bool
    is_watched: bool
    categories: frozenset[int]
    parents: frozenset[int]


@dataclass(frozen=True)
class Names:
    """The names that the reasons of one page use, by key."""

    titles: Mapping[int, str]
    creators: Mapping[int, str]
    categories: Mapping[int, Label]
    parents: Mapping[int, Label]

    @classmethod
    def load(
        cls, viewer: Viewer, items: Sequence[Shown], co_watched: Collection[int]
    ) -> Names:
        evidence = [each for item in items for each in item.evidence]
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


def likers(number: int) -> Iterator[str]:
    if number:
        yield f"{number} people you follow liked it"


def finishers(
    anchor: int | None, names: Names, related_to: Video | None
) -> Iterator[str]:
    if anchor is None:
        return
    if related_to is not None:
        yield "Watched by people who finished this video"
    elif title := names.titles.get(anchor):
        yield f"Watched by people who finished {_quoted(title)}"


def _quoted(title: str) -> str:
    return f"“{Truncator(title).chars(LONGEST_TITLE, truncate='…')}”"


@dataclass(frozen=True)
class Wording:
    """The fields that templates may use. Each is empty where it is not true.

    `evidence` is the one that the sentence at hand may name, `related_to` what is known
    of the video that a Related feed belongs to.
    """

    item: Shown
    properties: Properties
    names: Names
    viewer: Viewer
    related_to: Properties | None = None
    evidence: Evidence | None = None

    def sentences(self) -> Iterator[str]:
        """What is true of the video, the best first; at least one sentence."""
        source = self.item.found_by
        templates = [*source.reason, *OF_ANY_SOURCE]
        if self.properties.is_new:
            templates = [*source.new_reason, *templates]
        filled = (
            replace(self, evidence=evidence)._fill(template)
            for template in templates
            for evidence in self.item.evidence or (None,)
        )
        true = filter(None, filled)
        first = next(true, OF_ANY_VIDEO)
        yield first
        # That it was seen, or is one's own, must not be left unsaid.
        if source.name not in LAST_RESORT:
            yield from true

    def _fill(self, template: str) -> str:
        values = {name: getattr(self, name)() for name in _fields(template)}
        return template.format_map(values) if all(values.values()) else ""

    def creator(self) -> str:
        return self.names.creators[self.properties.creator_id]

    def followed_creator(self) -> str:
        followed = self.properties.creator_id in self.viewer.followed
        return self.creator() if followed else ""

    def mood(self) -> str:
        return str(Mood(self.viewer.mood).label) if self.viewer.mood else ""

    def popular(self) -> str:
        return "Popular" if self.properties.is_watched else ""

    def this_video(self) -> str:
        return "this video" if self.related_to is not None else ""

    def relation(self) -> str:
        return RELATIONS.get(self.item.relation, "")

    def subject(self) -> str:
        """The category to name the video by: of several the viewer's favourite."""
        interests = self.viewer.interests
        named = [
            key for key in self.properties.categories if key in self.names.categories
        ]
        if named:
            best = max(named, key=lambda key: (interests.get(key, 0.0), -key))
            return self.names.categories[best].name
        return _first_name(self.properties.parents, self.names.parents)

    def new_subject(self) -> str:
        return self.subject() if self.properties.is_new else ""

    def other_subject(self) -> str:
        """The subject, where the viewer has interests and this is none of them."""
        categories = self.names.categories
        parents = {
            categories[key].parent for key in self.viewer.interests if key in categories
        }
        own = parents.union(self.viewer.chosen)
        return self.subject() if own and own.isdisjoint(self.properties.parents) else ""

    def own_subject(self) -> str:
        """A subject of the video with its relation to the viewer."""
        chosen = self.properties.parents & self.viewer.chosen.keys()
        if name := _first_name(chosen, self.names.parents):
            return f"In {name}, which you picked"
        watched = self.properties.categories & self.viewer.interests.keys()
        name = _first_name(watched, self.names.categories)
        return f"In {name}, which you watch" if name and not chosen else ""

    def also_by(self) -> str:
        """The creator, where the video of the Related feed is by the same."""
        other = self.related_to
        same = other is not None and other.creator_id == self.properties.creator_id
        return f"More from {self.creator()}" if same else ""

    def also_in(self) -> str:
        """The subject that the video has in common with that of the Related feed."""
        if self.related_to is None:
            return ""
        both = self.properties.categories & self.related_to.categories
        name = _first_name(both, self.names.categories)
        if not name:
            both = self.properties.parents & self.related_to.parents
            name = _first_name(both, self.names.parents)
        return f"Also in {name}" if name else ""

    def shared_category(self) -> str:
        """The category or parent category that is the evidence."""
        if self.evidence is None:
            return ""
        is_parent = self.evidence.kind == "parent"
        labels = self.names.parents if is_parent else self.names.categories
        label = labels.get(self.evidence.pk)
        return label.name if label is not None else ""

    def interest(self) -> str:
        """That category with its relation to the viewer: "Music, which you picked"."""
        name = self.shared_category()
        if not name or self.evidence is None:
            return ""
        chosen = self.viewer.chosen
        if self.evidence.kind == "parent":
            return f"{name}, which you picked" if self.evidence.pk in chosen else ""
        parent = self.names.categories[self.evidence.pk].parent
        if parent in chosen:
            return f"{name}: you picked {chosen[parent]}"
        watched = self.evidence.pk in self.viewer.interests
        return f"{name}, which you watch" if watched else ""

    def history(self) -> str:
        """The action that is the evidence, empty where nothing can be named."""
        if self.evidence is None:
            return ""
        match self.evidence.kind:
            case "watched" | "liked":
                return self._seen(self.evidence.kind, self.evidence.pk)
            case "follows":
                followed = self.evidence.pk == self.properties.creator_id
                name = self.followed_creator() if followed else ""
                return f"From {name}, whom you follow" if name else ""
            case "parent":
                return self._chosen_parent(self.evidence.pk)
        return ""

    def _seen(self, verb: str, video: int) -> str:
        """ "Because you watched ..."; the viewer may have removed it since, and a video
        that was made private since must not be named."""
        done = any(
            row.video_id == video and (row.liked if verb == "liked" else row.score > 0)
            for row in self.viewer.newest
        )
        if not done or video == self.item.video.pk:
            return ""
        title = self.names.titles.get(video)
        if not title:
            return f"Like a video that you {verb}"
        return f"Because you {verb} {_quoted(title)}"

    def _chosen_parent(self, key: int) -> str:
        parent = self.names.parents.get(key)
        if parent is None or key not in self.viewer.chosen:
            return ""
        subject = self.subject()
        if subject and key in self.properties.parents and subject != parent.name:
            return f"{subject}, because you picked {parent.name}"
        return f"Because you picked {parent.name}"


@lru_cache
def _fields(template: str) -> tuple[str, ...]:
    return tuple(name for _, name, _, _ in Formatter().parse(template) if name)


def _first_name(keys: Collection[int], labels: Mapping[int, Label]) -> str:
    return min((labels[key].name for key in keys if key in labels), default="")
