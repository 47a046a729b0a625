"""Home: what to watch next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from django.db.models import Q

from recommender.feeds.last_resort import watch_again
from recommender.feeds.pagination import WIDENED_PREFIX, PlannedItem
from recommender.feeds.reasons import planned as with_reasons
from recommender.feeds.types import FOR_YOU, AnyCategory, no_model
from recommender.ml.models.base import Model
from recommender.ml.ranking.candidates import CandidateFeatures, CandidateSet, Ranked
from recommender.ml.ranking.diversity import diversify
from recommender.ml.ranking.fusion import fuse, reorder
from recommender.ranking import exploration, features, ranker
from recommender.retrieval.queries import retrieve
from recommender.retrieval.sources import BY_LAYOUT, WEIGHTS
from recommender.retrieval.types import Layout, Request
from recommender.retrieval.viewer import Videos, Viewer
from videos.moods import store

FUSED_PER_ITEM = 4  # fused candidates from which diversity chooses an item
MOOD_WEIGHT = 4.0
MOOD_HALF_LIFE = 3  # interactions


@dataclass(frozen=True)
class Home:
    """Unseen videos: of the viewer's mood and chosen interests first, then all others.

    A `category` takes the place of the interests. Exploration candidates come from all
    unseen videos. All of its videos fulfil `condition`.
    """

    viewer: Viewer
    find_model: Callable[[], Model | None] = no_model
    category: AnyCategory | None = None
    condition: Q = field(default_factory=Q)
    kind = "home"

    @cached_property
    def model(self) -> Model | None:
        """The model that ranks the feed, read when the feed is first extended."""
        return self.find_model()

    def parameters(self) -> dict[str, str]:
        return {
            "category": self.category.slug if self.category else "",
            "mood": self.viewer.mood,
            "strategy": FOR_YOU,
        }

    def eligible(self, *, last_resort: bool) -> Videos:
        viewer = self.viewer
        videos = viewer.listed_videos() if last_resort else viewer.unseen_videos()
        return videos.within(self.category).filter(self.condition)

    def extend(self, planned: Sequence[PlannedItem], count: int) -> list[PlannedItem]:
        unseen = self.eligible(last_resort=False)
        known = {item.video_id for item in planned}
        ranked: list[Ranked] = []
        described: dict[int, CandidateFeatures] = {}
        for tier, videos in enumerate(self._tiers(unseen)):
            if len(ranked) >= count:
                break
            excluded = known.union(item.video_id for item in ranked)
            best, candidates = self._best(
                self._request(videos, excluded), count - len(ranked), tier
            )
            mixed, explored = exploration.mix_in(
                best,
                self._request(unseen, excluded),
                {**described, **candidates.features},
                tier=tier,
                offset=len(excluded),
            )
            ranked += mixed
            described = {**described, **candidates.features, **explored}
        if not ranked:
            return watch_again(self, planned, count)
        items = with_reasons(self._request(unseen, known), ranked, described)
        return [self._marked_if_widened(item, described) for item in items]

    def _request(self, videos: Videos, excluded: Collection[int]) -> Request:
        return Request(
            self.viewer,
            videos.exclude(pk__in=excluded),
            model=self.model,
            excluded=excluded,
        )

    def _best(
        self, request: Request, count: int, tier: int
    ) -> tuple[list[Ranked], CandidateSet]:
        """The best `count` with their features to log, and all candidates.

        The active ranker orders them, or rank fusion without one.
        """
        signed_in = self.viewer.pk is not None
        layout = Layout.HOME if signed_in else Layout.VISITOR_HOME
        candidates = retrieve(request, BY_LAYOUT[layout])
        fused = fuse(candidates.by_source, weights(self.viewer))
        fused = fused[: FUSED_PER_ITEM * count]
        table = features.rows(request, candidates, fused, tier=tier)
        active = ranker.active_ranker() if signed_in else None
        ordered = reorder(fused, active.score(table)) if active is not None else fused
        best = diversify(ordered, candidates.features, count=count, model=request.model)
        row_of = dict(zip((item.video_id for item in fused), table, strict=True))
        run = active.run_id if active is not None else ""
        return [
            replace(item, logged=features.logged(row_of[item.video_id], request, run))
            for item in best
        ], candidates

    def _tiers(self, unseen: Videos) -> Iterator[Videos]:
        """Selections of videos, each to be exhausted before the next."""
        chosen = self.viewer.chosen if self.category is None else {}
        if self.viewer.mood:
            in_mood = store.in_mood(unseen, self.viewer.mood)
            if chosen:
                yield in_mood.in_parent_categories(chosen)
            yield in_mood
        if chosen:
            yield unseen.in_parent_categories(chosen)
        yield unseen

    def _marked_if_widened(
        self, item: PlannedItem, described: Mapping[int, CandidateFeatures]
    ) -> PlannedItem:
        chosen = self.viewer.chosen
        exempt = not chosen or self.category or item.source in exploration.SOURCES
        if exempt or not described[item.video_id].parents.isdisjoint(chosen):
            return item
        return replace(item, widened=True, reason=WIDENED_PREFIX + item.reason)


def weights(viewer: Viewer) -> Mapping[str, float]:
    """The fusion weights of the sources.

    The weight of a mood is at first that of the model, and halves every
    `MOOD_HALF_LIFE` interactions after the mood was picked.
    """
    if not viewer.mood:
        return WEIGHTS
    decay = 0.5 ** (viewer.interactions_since_mood / MOOD_HALF_LIFE)
    return {**WEIGHTS, "mood": MOOD_WEIGHT * decay}
