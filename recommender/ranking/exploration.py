"""Slots to explore: new videos by Thompson sampling, now and then any video at all.

What is published within `EXPLORE_MAX_AGE` and was seen in feeds less often than
`EXPLORE_MAX_IMPRESSIONS` is explored; a share `EXPLORE_UNIFORM` of the slots is open to
every video. `ViewCounts` holds the counts, some minutes old: sampling bears with that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from django.conf import settings
from django.db.models import Count, F, Value, Window
from django.db.models.functions import Coalesce, Random
from django.utils import timezone

from recommender.ml.ranking import thompson
from recommender.ml.ranking.thompson import DRAWS, ExplorationCandidate
from recommender.ranking import features, fusion
from recommender.ranking.fusion import Ranked
from recommender.retrieval import sources
from recommender.retrieval.eligible import Videos
from recommender.retrieval.sources import Facts, Retrieval

THOMPSON, UNIFORM = "explore", "explore_uniform"
SOURCES = (THOMPSON, UNIFORM)
ARMS = 50  # new videos that compete at a time, the least shown

_generator = np.random.default_rng()


def mixed_in(
    best: Sequence[Ranked],
    rest: Retrieval,
    facts: dict[int, Facts],
    *,
    tier: int,
    offset: int,
) -> list[Ranked]:
    """`best` with explorers from the pool of `rest` in some places, nothing twice.

    What is known of them goes into `facts`; `tier` is that of `best`, and `offset` how
    far the feed is already.
    """
    slots = fusion.slots(len(best), offset=offset)
    chosen = choose(rest.videos, slots, ranked=[item.video_id for item in best])
    explorers = _as_ranked(chosen, rest, facts, tier)
    while True:
        moved = {item.video_id for item in explorers if item is not None}
        kept = [item for item in best if item.video_id not in moved]
        mixed = fusion.with_exploration(kept, explorers, offset=offset)
        if len(mixed) == len(kept) + len(moved):
            return mixed
        explorers.pop()  # what moved left a place too few


def choose(
    videos: Videos, slots: int, *, ranked: Collection[int]
) -> list[ExplorationCandidate | None]:
    """For each slot a video of the pool, or None: the place is left to the ranking.

    What is `ranked` anyway needs no exploring, though any slot that is open to every
    video may get it.
    """
    if not slots:
        return []
    arms = _arms(videos, set(ranked))
    keys, shown, engaged = np.array(arms, np.int64).reshape(-1, 3).T
    alpha, beta = thompson.posterior(shown, engaged)
    draws = _generator.beta(alpha, beta, (DRAWS, len(keys)))
    sample, total = _sample(videos, slots) if settings.EXPLORE_UNIFORM else ([], 0)
    return thompson.choose(
        keys,
        draws,
        sample,
        total=total,
        slots=slots,
        uniform=settings.EXPLORE_UNIFORM,
        generator=_generator,
    )


def _as_ranked(
    chosen: Sequence[ExplorationCandidate | None],
    rest: Retrieval,
    facts: dict[int, Facts],
    tier: int,
) -> list[Ranked | None]:
    """With what is noted of each; the score of an explorer is its propensity."""
    explorers = [
        Ranked(
            explorer.video_id,
            UNIFORM if explorer.uniform else THOMPSON,
            explorer.propensity,
        )
        for explorer in chosen
        if explorer is not None
    ]
    unknown = {item.video_id for item in explorers} - facts.keys()
    if unknown:
        facts |= sources.describe(rest.videos, unknown)
    rows = features.of(rest, {}, explorers, facts, tier=tier)
    noted = iter(
        replace(item, noted=features.noted(row, rest))
        for item, row in zip(explorers, rows, strict=True)
    )
    return [None if explorer is None else next(noted) for explorer in chosen]


def _arms(videos: Videos, ranked: set[int]) -> list[tuple[int, int, int]]:
    """Key, impressions and engagements of the videos to try out, less the `ranked`."""
    zero = Value(0)
    rows = (
        videos.filter(published_at__gte=timezone.now() - settings.EXPLORE_MAX_AGE)
        .annotate(
            shown=Coalesce("view_counts__impressions", zero),
            engaged=Coalesce("view_counts__engaged", zero),
        )
        .filter(shown__lt=settings.EXPLORE_MAX_IMPRESSIONS)
        .order_by("shown", F("published_at").desc(), "-pk")
    )
    found = rows.values_list("pk", "shown", "engaged")[: ARMS + len(ranked)]
    return [row for row in found if row[0] not in ranked][:ARMS]


def _sample(videos: Videos, count: int) -> tuple[list[int], int]:
    """`count` videos drawn from the pool in random order, and how many it holds."""
    rows = videos.annotate(total=Window(Count("*"))).order_by(Random())
    drawn = list(rows.values_list("pk", "total")[:count])
    return [key for key, _ in drawn], drawn[0][1] if drawn else 0
