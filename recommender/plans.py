"""What each feed is made of: pools to draw from, in which order, and sources to ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from recommender import candidates, explanations, pools, ranking, serving
from recommender.candidates import Facts, Retrieval
from recommender.pools import Videos
from recommender.ranking import Ranked
from recommender.sessions import LAST_RESORT, Entry
from recommender.viewers import Viewer
from videos.models import Category, ParentCategory, Video

AnyCategory = Category | ParentCategory
RETRIEVED = 300  # candidates asked of each source
BEYOND = "Beyond your interests · "


@dataclass
class Home:
    """The chosen parent categories first, while they hold unseen videos; then all.

    A chosen chip takes the place of both. Slots to explore are exempt.
    """

    viewer: Viewer
    category: AnyCategory | None = None
    kind = "home"

    def parameters(self) -> dict[str, str]:
        return {"category": self.category.slug if self.category else ""}

    def pool(self, *, last_resort: bool) -> Videos:
        pool = pools.listed if last_resort else pools.unseen
        return pools.within(pool(self.viewer), self.category)

    def extend(self, planned: Sequence[Entry], count: int) -> list[Entry]:
        unseen = self.pool(last_resort=False)
        entries: list[Entry] = []
        for videos, prefix in self._tiers(unseen):
            if len(entries) < count:
                known = [*planned, *entries]
                retrieval = _retrieval(self.viewer, videos, known)
                best = _ranked(retrieval, self._sources(), count - len(entries), prefix)
                entries += self._with_exploration(unseen, known, best)
        if not entries:
            listed = self.pool(last_resort=True)
            return _last_resort(self.viewer, listed, planned, count)
        return entries

    def _with_exploration(
        self, unseen: Videos, known: Sequence[Entry], best: Sequence[Entry]
    ) -> list[Entry]:
        retrieval = _retrieval(self.viewer, unseen, [*known, *best])
        slots = ranking.slots(len(best))
        explorers = _in_order(retrieval, ("explore",), slots) if slots else []
        return ranking.with_exploration(best, explorers, offset=len(known))

    def _tiers(self, unseen: Videos) -> Iterator[tuple[Videos, str]]:
        chosen = self.viewer.chosen
        if chosen and self.category is None:
            yield pools.in_parents(unseen, chosen), ""
            yield unseen, BEYOND
        else:
            yield unseen, ""

    def _sources(self) -> tuple[str, ...]:
        if self.viewer.pk is None:
            return ("trending", "fresh", "popular")
        return ("similar", "following", "category", "fresh", "popular")


@dataclass
class Related:
    """What resembles a video, for someone who is watching it."""

    viewer: Viewer
    video: Video
    kind = "related"

    def parameters(self) -> dict[str, str]:
        return {"video": self.video.video_id}

    def pool(self, *, last_resort: bool) -> Videos:
        pool = pools.listed if last_resort else pools.unseen
        return pool(self.viewer).exclude(pk=self.video.pk)

    def extend(self, planned: Sequence[Entry], count: int) -> list[Entry]:
        retrieval = _retrieval(
            self.viewer, self.pool(last_resort=False), planned, beside=self.video
        )
        sources = ("similar", "same_category", "creator", "popular")
        entries = _ranked(retrieval, sources, count)
        return entries or _last_resort(
            self.viewer, self.pool(last_resort=True), planned, count
        )


@dataclass
class Listing:
    """A list that a person looks something up in: what they saw stays in its place."""

    viewer: Viewer
    kind: str
    sort: str
    category: AnyCategory | None = None
    creators: tuple[int, ...] | None = None

    def parameters(self) -> dict[str, str]:
        slug = self.category.slug if self.category else ""
        return {"sort": self.sort, "category": slug}

    def pool(self, *, last_resort: bool = False) -> Videos:
        videos = pools.within(pools.listed(self.viewer), self.category)
        return (
            videos
            if self.creators is None
            else videos.filter(creator__in=self.creators)
        )

    def extend(self, planned: Sequence[Entry], count: int) -> list[Entry]:
        retrieval = _retrieval(self.viewer, self.pool(), planned)
        if self.sort == "ranked":
            return _ranked(retrieval, ("trending", "fresh", "popular"), count)
        if self.sort == "trending":
            return _in_order(retrieval, ("trending", "popular"), count)
        source = "fresh" if self.creators is None else "following"
        return _in_order(retrieval, (source,), count)


def _retrieval(
    viewer: Viewer,
    videos: Videos,
    planned: Sequence[Entry],
    beside: Video | None = None,
) -> Retrieval:
    taken = frozenset(entry.video_id for entry in planned)
    return Retrieval(
        viewer,
        videos.exclude(pk__in=taken),
        RETRIEVED,
        model=serving.active_model(),
        taken=taken,
        beside=beside,
    )


def _ranked(
    retrieval: Retrieval, sources: Sequence[str], count: int, prefix: str = ""
) -> list[Entry]:
    """The best `count` of what the sources and the model give, diversified."""
    lists, facts = candidates.retrieve(retrieval, sources)
    blended = ranking.blend(lists)[: 4 * count]
    chosen = ranking.diversify(blended, facts, count=count)
    return _entries(retrieval, chosen, facts, prefix)


def _in_order(retrieval: Retrieval, sources: Sequence[str], count: int) -> list[Entry]:
    """What the sources give, one after the other, as they order it."""
    retrieval = replace(retrieval, model=None, limit=count)
    lists, facts = candidates.retrieve(retrieval, sources)
    chosen = ranking.concatenate([lists[source] for source in sources])[:count]
    return _entries(retrieval, chosen, facts)


def _entries(
    retrieval: Retrieval,
    ranked: Sequence[Ranked],
    facts: Mapping[int, Facts],
    prefix: str = "",
) -> list[Entry]:
    why = explanations.reasons(retrieval.viewer, ranked, facts, retrieval.model)
    return [
        Entry(item.video_id, item.source, item.score, prefix + reason)
        for item, reason in zip(ranked, why, strict=True)
    ]


def _last_resort(
    viewer: Viewer, listed: Videos, planned: Sequence[Entry], count: int
) -> list[Entry]:
    """For a feed that holds nothing else: what was seen; failing that, one's own."""
    if any(entry.source not in LAST_RESORT for entry in planned):
        return []
    tiers = (
        ("watch_again", listed.exclude(creator=viewer.pk)),
        ("own", listed.filter(creator=viewer.pk)),
    )
    for source, videos in tiers:
        if planned and planned[0].source != source:
            continue
        retrieval = replace(_retrieval(viewer, videos, planned), limit=count)
        lists, facts = candidates.retrieve(replace(retrieval, model=None), ["popular"])
        relabelled = [replace(c, source=source) for c in lists["popular"]]
        if relabelled:
            return _entries(retrieval, ranking.concatenate([relabelled]), facts)
    return []
