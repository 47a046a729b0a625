"""A graph that may be unavailable, with another one as its fallback."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from recommender.graph.mirror.driver import GraphUnavailable
from recommender.graph.queries.interface import Acquaintance, CoWatch, Graph, Paths

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class WithFallback:
    """A `Graph` that asks `first` and, if that is unavailable, `second`.

    The driver of `first` limits its time, and pauses it after a failure.
    """

    def __init__(self, first: Graph, second: Graph) -> None:
        self.first, self.second = first, second

    def co_watched(
        self, videos: Sequence[int], *, viewer: int | None, limit: int
    ) -> dict[int, list[CoWatch]]:
        return self._ask(lambda g: g.co_watched(videos, viewer=viewer, limit=limit))

    def paths(
        self, *, viewer: int | None, anchors: Sequence[int], videos: Sequence[int]
    ) -> dict[int, Paths]:
        return self._ask(
            lambda g: g.paths(viewer=viewer, anchors=anchors, videos=videos)
        )

    def people_to_follow(self, viewer: int, *, limit: int) -> list[Acquaintance]:
        return self._ask(lambda g: g.people_to_follow(viewer, limit=limit))

    def _ask(self, question: Callable[[Graph], Answer]) -> Answer:
        try:
            return question(self.first)
        except GraphUnavailable as error:
            logger.debug("PostgreSQL answers in Neo4j's place: %s", error)
            return question(self.second)
