"""Home: what to watch next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from django.db.models import Q

from recommender.feeds.last_resort import watch_again
from recommender.feeds.pagination import PlannedItem, as_planned
from recommender.feeds.types import FOR_YOU, MOOD, SUBJECTS, AnyCategory, no_model
from recommender.ml.data.selection import Selection
from recommender.ml.models.base import Model
from recommender.ml.ranking.candidates import Ranked
from recommender.ml.ranking.diversity import diversify
from recommender.ml.ranking.fusion import fuse, reorder
from recommender.ranking import exploration, features, ranker
from recommender.retrieval.queries import CATALOGUE, fulfilling, retrieve, within
from recommender.retrieval.sources import BY_LAYOUT, WEIGHTS
from recommender.retrieval.types import Layout, Request
from recommender.retrieval.viewer import Videos, Viewer
from videos.models import Video

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
    hides_seen = True
    related_to = None

    @cached_property
    def model(self) -> Model | None:
        """The model that ranks the feed, read when the feed is first extended."""
        return self.find_model()

    def models(self) -> list[Model]:
        return [self.model] if self.model is not None else []

    def parameters(self) -> dict[str, str]:
        return {
            "category": self.category.slug if self.category else "",
            "mood": self.viewer.mood,
            "strategy": FOR_YOU,
        }

    def eligible(self) -> Videos:
        return Video.objects.listed().within(self.category).filter(self.condition)

    def selected(self, *, last_resort: bool) -> Selection:
        viewer = self.viewer
        videos = viewer.listed() if last_resort else viewer.unseen()
        return fulfilling(within(videos, self.category), self.condition)

    def extend(self, planned: Sequence[PlannedItem], count: int) -> list[PlannedItem]:
        unseen = self.selected(last_resort=False)
        known = {item.video_id for item in planned}
        items: list[PlannedItem] = []
        for tier, (videos, outside) in enumerate(self._tiers(unseen)):
            if len(items) >= count:
                break
            excluded = known.union(item.video_id for item in items)
            best = self._best(self._request(videos, excluded), count - len(items), tier)
            mixed = exploration.mix_in(
                best, self._request(unseen, excluded), tier=tier, offset=len(excluded)
            )
            items += [
                item
                if item.source in exploration.SOURCES
                else replace(item, widened=outside)
                for item in as_planned(mixed, self.model)
            ]
        return items or watch_again(self, planned, count)

    def _request(self, videos: Selection, excluded: Collection[int]) -> Request:
        return Request(
            self.viewer,
            videos.without(list(excluded)),
            model=self.model,
            excluded=excluded,
        )

    def _best(self, request: Request, count: int, tier: int) -> list[Ranked]:
        """The best `count` with their features to log.

        The active ranker orders them, or rank fusion without one.
        """
        signed_in = self.viewer.pk is not None
        layout = Layout.HOME if signed_in else Layout.VISITOR_HOME
        found = retrieve(request, BY_LAYOUT[layout])
        fused = fuse(
            found,
            weights(self.viewer),
            count=FUSED_PER_ITEM * count,
            fillers=CATALOGUE,
        )
        described = self.viewer.catalogue.describe([item.video_id for item in fused])
        table = features.rows(request, found, fused, described, tier=tier)
        active = ranker.active_ranker() if signed_in else None
        ordered = reorder(fused, active.score(table)) if active is not None else fused
        best = diversify(ordered, described, count=count, model=request.model)
        run = active.run_id if active is not None else ""
        return [
            Ranked(
                item.video_id,
                item.source,
                item.score,
                item.evidence,
                features.logged(table[described.place[item.video_id]], request, run),
            )
            for item in best
        ]

    def _tiers(self, unseen: Selection) -> Iterator[tuple[Selection, tuple[str, ...]]]:
        """Selections of videos, each to be exhausted before the next, and the choices
        of the viewer that each leaves."""
        chosen = list(self.viewer.chosen) if self.category is None else []
        if self.viewer.mood:
            in_mood = unseen.in_mood(self.viewer.mood)
            if chosen:
                yield in_mood.in_parents(chosen), ()
            yield in_mood, (SUBJECTS,) if chosen else ()
        left = (MOOD,) if self.viewer.mood else ()
        if chosen:
            yield unseen.in_parents(chosen), left
        yield unseen, (*left, SUBJECTS) if chosen else left


def weights(viewer: Viewer) -> Mapping[str, float]:
    """The fusion weights of the sources.

    The weight of a mood is at first that of the model, and halves every
    `MOOD_HALF_LIFE` interactions after the mood was picked.
    """
    if not viewer.mood:
        return WEIGHTS
    decay = 0.5 ** (viewer.interactions_since_mood / MOOD_HALF_LIFE)
    return {**WEIGHTS, "mood": MOOD_WEIGHT * decay}
