"""Reasons: why a video stands where it stands, in words that are true.

They speak of the viewer's own doings and of everybody's together, never of what
another person watched. What leads to a video through other people is in `paths`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from accounts.models import User
from accounts.moods import Mood
from recommender.feeds import graph_evidence
from recommender.feeds.graph_evidence import Ways
from recommender.ml.models.base import Contribution, Model
from recommender.ranking import exploration
from recommender.ranking.fusion import Ranked
from recommender.retrieval.sources import Because, Facts
from recommender.retrieval.viewer import Viewer
from videos.models import Category, ParentCategory, Video

NEW = timedelta(days=14)
SEEN = ("watched", "liked")
# A subject picked once moves every score a little; a deed that moves this one half as
# much says more.
TELLING = {"interested_in": 0.5}
# Sources whose reason nothing outdoes; those that only many likes outdo; and those that
# say less than what others finished, whatever they go back to.
FINAL = ("following", "mood", *exploration.SOURCES, "watch_again", "own")
PLAIN = ("creator", "fresh", "trending")
BLAND = ("category", "same_category", "popular", "catalogue")
RELATIONS = {
    "watched": "watched",
    "liked": "liked",
    "follows": "follows",
    "interested_in": "parent",
}


def reasons(
    viewer: Viewer,
    ranked: Sequence[Ranked],
    facts: Mapping[int, Facts],
    model: Model | None,
    beside: Video | None = None,
) -> list[str]:
    """One reason each, in a bounded number of queries.

    `beside` is the video that a Related rail stands next to.
    """
    items = _with_contributions(viewer, ranked, facts, model)
    ways = graph_evidence.to_videos(
        viewer,
        [item.video_id for item in items if item.source not in FINAL],
        beside,
    )
    finished = _finished(items, ways, facts, beside)
    names = _Names.of(viewer, items, facts, finished.values())
    learned = model.name if model is not None else ""
    return [
        _of_likers(ways.likers.get(item.video_id, 0))
        or _of_finishers(finished.get(item.video_id), names, beside)
        or _reason(
            "learned" if item.source == learned else item.source,
            item.because,
            facts[item.video_id],
            names,
            viewer,
        )
        for item in items
    ]


def _with_contributions(
    viewer: Viewer,
    ranked: Sequence[Ranked],
    facts: Mapping[int, Facts],
    model: Model | None,
) -> list[Ranked]:
    """What the model chose, with what in the viewer's history speaks most for it."""
    items = list(ranked)
    places = [i for i, item in enumerate(items) if model and item.source == model.name]
    if model is None or not places:
        return items
    every = model.contributions(viewer.history, [items[i].video_id for i in places])
    parents = _parents_of({c.id for each in every for c in each if c.relation in SEEN})
    for place, contributions in zip(places, every, strict=True):
        fact = facts[items[place].video_id]
        telling = [c for c in contributions if _reads_true(c, fact, parents)]
        if telling:
            best = max(telling, key=lambda c: c.amount * TELLING.get(c.relation, 1.0))
            because = Because(RELATIONS[best.relation], best.id)
            items[place] = replace(items[place], because=because)
    return items


def _finished(
    items: Sequence[Ranked],
    ways: Ways,
    facts: Mapping[int, Facts],
    beside: Video | None,
) -> dict[int, int]:
    """For those with little to say for themselves: what others finished who watched
    them, where a person sees what one has to do with the other."""
    parents: dict[int, frozenset[int]] = {}
    if beside is None:
        parents = _parents_of(set().union(*ways.finished.values()))
    found = {}
    for item in items:
        silent = item.because is None and item.source not in PLAIN
        if silent or item.source in BLAND:
            fact = facts[item.video_id]
            for anchor in ways.finished.get(item.video_id, ()):
                if beside is not None or _akin(fact, parents.get(anchor)):
                    found[item.video_id] = anchor
                    break
    return found


def _reads_true(
    contribution: Contribution, fact: Facts, parents: Mapping[int, frozenset[int]]
) -> bool:
    """Whether a person sees what one has to do with the other."""
    match contribution.relation:
        case "follows":
            return contribution.id == fact.creator_id
        case "interested_in":
            return contribution.id in fact.parents
    return _akin(fact, parents.get(contribution.id))


def _akin(fact: Facts, parents: frozenset[int] | None) -> bool:
    return not fact.parents or not fact.parents.isdisjoint(parents or ())


def _parents_of(videos: Collection[int]) -> dict[int, frozenset[int]]:
    if not videos:
        return {}
    rows = Video.parent_categories.through.objects.filter(video__in=videos)
    found: dict[int, set[int]] = {}
    for video, parent in rows.values_list("video_id", "parentcategory_id"):
        found.setdefault(video, set()).add(parent)
    return {video: frozenset(keys) for video, keys in found.items()}


@dataclass(frozen=True)
class _Names:
    """Names of all that the reasons of one feed speak of, by key."""

    titles: Mapping[int, str]
    creators: Mapping[int, str]
    categories: Mapping[int, Category]
    parents: Mapping[int, ParentCategory]

    @classmethod
    def of(
        cls,
        viewer: Viewer,
        items: Sequence[Ranked],
        facts: Mapping[int, Facts],
        finished: Collection[int],
    ) -> _Names:
        wanted: dict[str, set[int]] = {"watched": set(), "liked": set()}
        for item in items:
            if item.because is not None:
                wanted.setdefault(item.because.kind, set()).add(item.because.pk)
        shown = [facts[item.video_id] for item in items]
        watched = wanted["watched"].union(wanted["liked"], finished)
        people = {f.creator_id for f in shown} | wanted.get("follows", set())
        return cls(
            titles=dict(
                Video.objects.visible_to(viewer.user)
                .filter(pk__in=watched)
                .values_list("pk", "title")
            ),
            creators={
                user.pk: user.display_name
                for user in User.objects.filter(pk__in=people).only(
                    "first_name", "last_name", "username"
                )
            },
            categories=Category.objects.select_related("parent_category").in_bulk(
                list(
                    wanted.get("category", set()).union(*(f.categories for f in shown))
                )
            ),
            parents=ParentCategory.objects.in_bulk(
                list(wanted.get("parent", set()).union(*(f.parents for f in shown)))
            ),
        )

    def subject(self, fact: Facts, viewer: Viewer) -> str:
        """The category to name a video by: one the viewer cares for, if any."""
        interests = viewer.interests
        known = [self.categories[key] for key in fact.categories]
        if known:
            best = max(known, key=lambda c: (interests.get(c.pk, 0.0), -c.pk))
            return best.name
        parents = [self.parents[key].name for key in fact.parents]
        return min(parents) if parents else ""


def _of_likers(number: int) -> str:
    return f"{number} people you follow liked it" if number else ""


def _of_finishers(anchor: int | None, names: _Names, beside: Video | None) -> str:
    if anchor is None:
        return ""
    if beside is not None:
        return "Watched by people who finished this video"
    title = names.titles.get(anchor)
    return f"Watched by people who finished “{title}”" if title else ""


def _reason(
    source: str,
    because: Because | None,
    fact: Facts,
    names: _Names,
    viewer: Viewer,
) -> str:
    creator = names.creators[fact.creator_id]
    subject = names.subject(fact, viewer)
    match source:
        case "learned":
            return (
                _of_history(because, fact, names, subject) or "Close to what you watch"
            )
        case "similar":
            return _of_history(because, fact, names, subject) or "Similar to this video"
        case "following":
            new = "New from" if fact.age < NEW else "From"
            return f"{new} {creator}, whom you follow"
        case "category":
            return f"Popular in {_chosen_subject(because, names, viewer)}"
        case "mood":
            return f"{Mood(viewer.mood).label}, as you asked"
        case "same_category":
            return f"Also in {_subject_of(because, names)}"
        case "creator":
            return f"More from {creator}"
        case "trending":
            return "Trending this week"
        case "popular":
            return f"Popular in {subject}" if subject else "Popular here"
        case "fresh" if fact.age < NEW:
            return f"New in {subject}" if subject else "New here"
        case exploration.THOMPSON | exploration.UNIFORM:
            return f"Something different: {subject}" if subject else "For a change"
        case "watch_again":
            return "Watch again: you have seen it already"
        case "own":
            return "Your own video"
        case _:
            return f"More in {subject}" if subject else "From the catalogue"


def _of_history(
    because: Because | None, fact: Facts, names: _Names, subject: str
) -> str:
    if because is None:
        return ""
    match because.kind:
        case "watched" | "liked":
            title = names.titles.get(because.pk)
            verb = because.kind
            # It may have been made private since; then its title is not told.
            return f"Because you {verb} “{title}”" if title else f"Like one you {verb}"
        case "follows" if because.pk == fact.creator_id:
            return f"From {names.creators[because.pk]}, whom you follow"
        case "follows":
            name = names.creators.get(because.pk)
            return f"Because you follow {name}" if name else ""
        case "parent":
            parent = names.parents.get(because.pk)
            if parent is None:
                return ""
            within = because.pk in fact.parents and subject != parent.name
            if within and subject:
                return f"{subject}, because you picked {parent.name}"
            return f"Because you picked {parent.name}"
    return ""


def _subject_of(because: Because | None, names: _Names) -> str:
    assert because is not None
    if because.kind == "parent":
        return names.parents[because.pk].name
    return names.categories[because.pk].name


def _chosen_subject(because: Because | None, names: _Names, viewer: Viewer) -> str:
    """The category with why it is the viewer's: "Music, which you picked"."""
    assert because is not None
    name = _subject_of(because, names)
    if because.kind == "parent":
        return f"{name}, which you picked"
    parent = names.categories[because.pk].parent_category
    if parent.pk in viewer.chosen:
        return f"{name}: you picked {parent.name}"
    return f"{name}, which you watch"
