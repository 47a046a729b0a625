"""What each feed is made of: pools to draw from, in which order, and sources to ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from recommender.feeds import reasons
from recommender.feeds.pagination import LAST_RESORT, Entry
from recommender.ranking import exploration, features, fusion
from recommender.ranking.fusion import Ranked
from recommender.ranking.ranker import active_ranker
from recommender.retrieval import eligible
from recommender.retrieval import sources as candidates
from recommender.retrieval.eligible import Videos
from recommender.retrieval.sources import Candidate, Facts, Retrieval
from recommender.retrieval.viewer import Viewer
from videos.models import Category, ParentCategory, Video
from videos.moods import store

AnyCategory = Category | ParentCategory
RETRIEVED = 300  # candidates asked of each source
MOOD_WEIGHT = 4.0
MOOD_HALVES_IN = 3  # interactions
BEYOND = "Beyond your interests · "


@dataclass
class Home:
    """The viewer's mood first, and the chosen parent categories, while they hold unseen
    videos; then all.

    A chosen chip takes the place of the categories. Slots to explore are exempt.
    """

    viewer: Viewer
    category: AnyCategory | None = None
    kind = "home"

    def parameters(self) -> dict[str, str]:
        return {
            "category": self.category.slug if self.category else "",
            "mood": self.viewer.mood,
        }

    def pool(self, *, last_resort: bool) -> Videos:
        pool = eligible.listed if last_resort else eligible.unseen
        return eligible.within(pool(self.viewer), self.category)

    def extend(self, planned: Sequence[Entry], count: int) -> list[Entry]:
        unseen = self.pool(last_resort=False)
        taken = {entry.video_id for entry in planned}
        ranked: list[Ranked] = []
        facts: dict[int, Facts] = {}
        for tier, videos in enumerate(self._tiers(unseen)):
            if len(ranked) >= count:
                break
            known = taken.union(item.video_id for item in ranked)
            best = self._best(
                _retrieval(self.viewer, videos, known),
                count - len(ranked),
                facts,
                tier,
            )
            rest = _retrieval(self.viewer, unseen, known)
            ranked += exploration.mixed_in(
                best, rest, facts, tier=tier, offset=len(known)
            )
        if not ranked:
            listed = self.pool(last_resort=True)
            return _last_resort(self.viewer, listed, planned, count)
        entries = _entries(self.viewer, ranked, facts)
        return [self._with_reason_to_widen(entry, facts) for entry in entries]

    def _best(
        self, retrieval: Retrieval, count: int, facts: dict[int, Facts], tier: int
    ) -> list[Ranked]:
        """The best `count`, in the order of the ranker where one serves; what was known
        of each is noted."""
        lists, fused = _fused(
            retrieval, self._sources(), count, facts, _weights(self.viewer)
        )
        rows = features.of(retrieval, lists, fused, facts, tier=tier)
        ranker = active_ranker() if self.viewer.pk is not None else None
        ordered = fused
        if ranker is not None:
            ordered = fusion.reordered(fused, ranker.score(rows))
        best = _diversified(retrieval, ordered, count, facts)
        row_of = dict(zip((item.video_id for item in fused), rows, strict=True))
        run = ranker.run_id if ranker is not None else ""
        return [
            replace(item, noted=features.noted(row_of[item.video_id], retrieval, run))
            for item in best
        ]

    def _tiers(self, unseen: Videos) -> Iterator[Videos]:
        chosen = self.viewer.chosen if self.category is None else {}
        if self.viewer.mood:
            felt = store.in_mood(unseen, self.viewer.mood)
            if chosen:
                yield eligible.in_parents(felt, chosen)
            yield felt
        if chosen:
            yield eligible.in_parents(unseen, chosen)
        yield unseen

    def _with_reason_to_widen(self, entry: Entry, facts: Mapping[int, Facts]) -> Entry:
        chosen = self.viewer.chosen
        exempt = not chosen or self.category or entry.source in exploration.SOURCES
        if exempt or not facts[entry.video_id].parents.isdisjoint(chosen):
            return entry
        return entry._replace(reason=BEYOND + entry.reason)

    def _sources(self) -> tuple[str, ...]:
        if self.viewer.pk is None:
            return ("mood", "trending", "fresh", "popular")
        return ("mood", "similar", "following", "category", "fresh", "popular")


@dataclass
class Related:
    """What resembles a video, for someone who is watching it."""

    viewer: Viewer
    video: Video
    kind = "related"

    def parameters(self) -> dict[str, str]:
        return {"video": self.video.video_id}

    def pool(self, *, last_resort: bool) -> Videos:
        pool = eligible.listed if last_resort else eligible.unseen
        return pool(self.viewer).exclude(pk=self.video.pk)

    def extend(self, planned: Sequence[Entry], count: int) -> list[Entry]:
        taken = {entry.video_id for entry in planned}
        retrieval = _retrieval(
            self.viewer, self.pool(last_resort=False), taken, beside=self.video
        )
        sources = ("similar", "same_category", "creator", "popular")
        facts: dict[int, Facts] = {}
        ranked = _rank(
            retrieval,
            sources,
            count,
            facts,
            weights=fusion.RELATED_WEIGHTS,
            relevance=fusion.RELATED_RELEVANCE,
        )
        if not ranked:
            listed = self.pool(last_resort=True)
            return _last_resort(self.viewer, listed, planned, count)
        return _entries(self.viewer, ranked, facts, beside=self.video)


@dataclass
class Listing:
    """A list that a person looks something up in: what they saw stays in its place."""

    viewer: Viewer
    kind: str
    category: AnyCategory | None = None
    creators: tuple[int, ...] | None = None

    def parameters(self) -> dict[str, str]:
        return {
            "category": self.category.slug if self.category else "",
            "mood": self.viewer.mood if self.kind == "mood" else "",
        }

    def pool(self, *, last_resort: bool = False) -> Videos:
        videos = eligible.within(eligible.listed(self.viewer), self.category)
        if self.kind == "mood":
            videos = store.in_mood(videos, self.viewer.mood)
        return (
            videos
            if self.creators is None
            else videos.filter(creator__in=self.creators)
        )

    def extend(self, planned: Sequence[Entry], count: int) -> list[Entry]:
        taken = {entry.video_id for entry in planned}
        retrieval = _retrieval(self.viewer, self.pool(), taken)
        facts: dict[int, Facts] = {}
        felt = ("mood",) if self.kind == "mood" else ()
        sources = (*felt, "trending", "fresh", "popular")
        ranked = _rank(retrieval, sources, count, facts, weights=_weights(self.viewer))
        return _entries(self.viewer, ranked, facts)


def _weights(viewer: Viewer) -> Mapping[str, float]:
    """A mood weighs as a model does at first, and half after every few interactions:
    then what the viewer watches tells more than what they said."""
    if not viewer.mood:
        return fusion.WEIGHTS
    mood = MOOD_WEIGHT * 0.5 ** (viewer.since_mood / MOOD_HALVES_IN)
    return defaultdict(lambda: 1.0, {**fusion.WEIGHTS, "mood": mood})


def _retrieval(
    viewer: Viewer,
    videos: Videos,
    taken: Collection[int],
    beside: Video | None = None,
) -> Retrieval:
    return Retrieval(
        viewer,
        videos.exclude(pk__in=taken),
        RETRIEVED,
        model=viewer.model,
        taken=taken,
        beside=beside,
    )


def _rank(
    retrieval: Retrieval,
    sources: Sequence[str],
    count: int,
    facts: dict[int, Facts],
    *,
    weights: Mapping[str, float] = fusion.WEIGHTS,
    relevance: float = fusion.RELEVANCE,
) -> list[Ranked]:
    """The best `count` of what the sources and the model give, diversified; what is
    known of them goes into `facts`."""
    _, fused = _fused(retrieval, sources, count, facts, weights)
    return _diversified(retrieval, fused, count, facts, relevance)


def _fused(
    retrieval: Retrieval,
    sources: Sequence[str],
    count: int,
    facts: dict[int, Facts],
    weights: Mapping[str, float] = fusion.WEIGHTS,
) -> tuple[Mapping[str, Sequence[Candidate]], list[Ranked]]:
    """What the sources and the model give, and the best of it, enough to choose `count`
    from."""
    lists, found = candidates.retrieve(retrieval, sources)
    facts |= found
    return lists, fusion.blend(lists, weights)[: 4 * count]


def _diversified(
    retrieval: Retrieval,
    ranked: Sequence[Ranked],
    count: int,
    facts: Mapping[int, Facts],
    relevance: float = fusion.RELEVANCE,
) -> list[Ranked]:
    vectors = None
    if retrieval.model is not None:
        vectors = retrieval.model.item_vectors([item.video_id for item in ranked])
    return fusion.diversify(
        ranked, facts, count=count, relevance=relevance, vectors=vectors
    )


def _in_order(
    retrieval: Retrieval, sources: Sequence[str], count: int, facts: dict[int, Facts]
) -> list[Ranked]:
    """What the sources give, one after the other, as they order it."""
    if not count:
        return []
    alone = replace(retrieval, model=None, limit=count)
    lists, found = candidates.retrieve(alone, sources)
    facts |= found
    return fusion.concatenate([lists[source] for source in sources])[:count]


def _entries(
    viewer: Viewer,
    ranked: Sequence[Ranked],
    facts: Mapping[int, Facts],
    beside: Video | None = None,
) -> list[Entry]:
    why = reasons.reasons(viewer, ranked, facts, viewer.model, beside)
    return [
        Entry(item.video_id, item.source, item.score, reason, item.noted)
        for item, reason in zip(ranked, why, strict=True)
    ]


def _last_resort(
    viewer: Viewer, listed: Videos, planned: Sequence[Entry], count: int
) -> list[Entry]:
    """For a feed that holds nothing else: what was seen; failing that, one's own."""
    if any(entry.source not in LAST_RESORT for entry in planned):
        return []
    taken = {entry.video_id for entry in planned}
    tiers = (
        ("watch_again", listed.exclude(creator=viewer.pk)),
        ("own", listed.filter(creator=viewer.pk)),
    )
    for source, videos in tiers:
        if planned and planned[0].source != source:
            continue
        facts: dict[int, Facts] = {}
        retrieval = _retrieval(viewer, videos, taken)
        found = _in_order(retrieval, ("popular",), count, facts)
        if found:
            relabelled = [replace(item, source=source) for item in found]
            return _entries(viewer, relabelled, facts)
    return []
