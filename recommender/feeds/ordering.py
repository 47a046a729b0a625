"""Any feed in an order of the client's choosing, instead of its own.

A feed is a pool of videos and a way to rank it. A strategy keeps the pool and changes
the way: newest first, trending first, those of the followed alone, or as one model by
its name ranks them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recommender.feeds import assemble, reasons
from recommender.feeds.pagination import LAST_RESORT, Entry, Plan
from recommender.ml.models.base import Model
from recommender.ml.models.registry import MODELS
from recommender.ranking import fusion
from recommender.registry import serving
from recommender.retrieval import sources
from recommender.retrieval.eligible import Videos
from recommender.retrieval.viewer import Viewer
from videos.models import Video

FOR_YOU = "for_you"  # as the feed's own page ranks it
SOURCES = {
    "newest": ("fresh",),
    "trending": ("trending", "popular"),
    "following": ("following",),
}
STRATEGIES = (FOR_YOU, *SOURCES, *MODELS)


class NoSuchStrategy(ValueError):
    """No strategy, or no run of that model; the message lists those there are."""


def available() -> list[str]:
    """What `ordered` takes at this moment."""
    return [FOR_YOU, *SOURCES, *serving.model_names()]


def ordered(plan: Plan, strategy: str) -> Plan:
    """`plan`, ordered by `strategy`; raises `NoSuchStrategy`."""
    if strategy == FOR_YOU or strategy in SOURCES:
        return Ordered(plan, strategy)
    model = serving.model_named(strategy) if strategy in MODELS else None
    if model is None:
        raise NoSuchStrategy(
            f"There is no strategy “{strategy}” at this moment; "
            f"there are {', '.join(available())}."
        )
    return Ordered(plan, strategy, model)


@dataclass
class Ordered:
    """A plan that draws from the pool of another and orders it by a strategy."""

    plan: Plan
    strategy: str
    model: Model | None = None

    @property
    def viewer(self) -> Viewer:
        return self.plan.viewer

    @property
    def kind(self) -> str:
        return self.plan.kind

    def parameters(self) -> dict[str, str]:
        return self.plan.parameters() | {"strategy": self.strategy}

    def pool(self, *, last_resort: bool) -> Videos:
        videos = self.plan.pool(last_resort=last_resort)
        if self.strategy == "following":
            videos = videos.filter(creator__in=list(self.viewer.followed))
        return videos

    def extend(self, planned: Sequence[Entry], count: int) -> list[Entry]:
        exhausted = any(entry.source in LAST_RESORT for entry in planned)
        if self.strategy == FOR_YOU or exhausted:
            return self.plan.extend(planned, count)
        lists, facts = sources.retrieve(self._retrieval(planned), self._sources())
        ranked = fusion.concatenate([lists[name] for name in self._order()])[:count]
        if not ranked and not planned and self.strategy != "following":
            return self.plan.extend(planned, count)  # what it offers as a last resort
        why = reasons.reasons(self.viewer, ranked, facts, self.model, self._beside)
        return [
            Entry(item.video_id, item.source, item.score, reason)
            for item, reason in zip(ranked, why, strict=True)
        ]

    @property
    def _beside(self) -> Video | None:
        return self.plan.video if isinstance(self.plan, assemble.Related) else None

    def _sources(self) -> tuple[str, ...]:
        """What to ask beside the model, which cannot rank what it does not know."""
        if self.model is None:
            return SOURCES[self.strategy]
        if self._beside is not None:
            return ("similar", "same_category", "popular")
        return ("popular",)

    def _order(self) -> tuple[str, ...]:
        """One list after the other. Beside a video a model is asked for neighbours, so
        what it would pick for the viewer is left out."""
        if self.model is None or self._beside is not None:
            return self._sources()
        return (self.model.name, *self._sources())

    def _retrieval(self, planned: Sequence[Entry]) -> sources.Retrieval:
        taken = {entry.video_id for entry in planned}
        return sources.Retrieval(
            self.viewer,
            self.pool(last_resort=False).exclude(pk__in=taken),
            assemble.RETRIEVED,
            model=self.model,
            taken=taken,
            beside=self._beside,
        )
