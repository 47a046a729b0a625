"""Feeds, kept to what a calling program asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from recommender.feeds.assemble import Home, Listing, Related
from recommender.retrieval.eligible import Videos

Narrow = Callable[[Videos], Videos]


def unchanged(videos: Videos) -> Videos:
    """Narrows nothing."""
    return videos


@dataclass
class NarrowedHome(Home):
    """`asked` tells feeds of one `kind` apart, and says what `narrow` keeps to."""

    narrow: Narrow = unchanged
    asked: Mapping[str, str] = field(default_factory=dict)
    kind: str = "posts"

    def parameters(self) -> dict[str, str]:
        return dict(self.asked)

    def pool(self, *, last_resort: bool) -> Videos:
        return self.narrow(super().pool(last_resort=last_resort))


@dataclass
class NarrowedRelated(Related):
    """As `NarrowedHome`, beside a video."""

    narrow: Narrow = unchanged
    asked: Mapping[str, str] = field(default_factory=dict)
    kind: str = "posts"

    def parameters(self) -> dict[str, str]:
        return super().parameters() | dict(self.asked)

    def pool(self, *, last_resort: bool) -> Videos:
        return self.narrow(super().pool(last_resort=last_resort))


@dataclass
class NarrowedListing(Listing):
    """As `NarrowedHome`, of what was seen too."""

    narrow: Narrow = unchanged

    def pool(self, *, last_resort: bool = False) -> Videos:
        return self.narrow(super().pool(last_resort=last_resort))
