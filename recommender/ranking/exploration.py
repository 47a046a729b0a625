"""Exploration: some places of a feed for new videos, by Thompson sampling, or for any.

Videos published within `EXPLORE_MAX_AGE` with fewer than `EXPLORE_MAX_IMPRESSIONS`
impressions are explored; a share `EXPLORE_UNIFORM` of the places is open to every
video. The counts in `ViewCounts` are some minutes old, which sampling tolerates.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from django.conf import settings
from django.utils import timezone

from recommender.ml.data.selection import Selection
from recommender.ml.ranking import slots as places
from recommender.ml.ranking import thompson
from recommender.ml.ranking.candidates import Ranked
from recommender.ml.ranking.thompson import DRAWS, ExplorationCandidate
from recommender.ranking import features
from recommender.retrieval.sources import EXPLORE, EXPLORE_UNIFORM
from recommender.retrieval.types import Request

SOURCES = (EXPLORE, EXPLORE_UNIFORM)
ARMS = 50  # new videos that compete at a time, those with the fewest impressions

_generator = np.random.default_rng()


def mix_in(
    best: Sequence[Ranked], request: Request, *, tier: int, offset: int
) -> list[Ranked]:
    """`best` with exploration candidates from the videos of `request` in some places.

    No video comes twice. `tier` is that of `best`, `offset` the length of the feed so
    far.
    """
    count = places.slot_count(len(best), offset=offset)
    chosen = choose(request.videos, count, ranked=[item.video_id for item in best])
    explored = _with_features(
        [None if item is None else _ranked(item) for item in chosen], request, tier
    )
    while True:
        moved = {item.video_id for item in explored if item is not None}
        rest = [item for item in best if item.video_id not in moved]
        mixed = places.interleave(rest, explored, offset=offset)
        if len(mixed) == len(rest) + len(moved):
            return mixed
        explored.pop()  # the videos that moved left one place too few


def choose(
    videos: Selection, slots: int, *, ranked: Collection[int]
) -> list[ExplorationCandidate | None]:
    """For each slot one of `videos`, or None: that place is left to the ranking.

    `ranked` videos are not explored, but a slot that is open to every video may get
    one of them.
    """
    if not slots:
        return []
    since = (timezone.now() - settings.EXPLORE_MAX_AGE).timestamp()
    arms = videos.without(list(ranked)).least_shown(
        ARMS, since=since, below=settings.EXPLORE_MAX_IMPRESSIONS
    )
    keys, shown, engaged = arms.T
    alpha, beta = thompson.posterior(shown, engaged)
    draws = _generator.beta(alpha, beta, (DRAWS, len(keys)))
    uniform = settings.EXPLORE_UNIFORM
    sample = videos.sample(slots, _generator).tolist() if uniform else []
    return thompson.choose(
        keys,
        draws,
        sample,
        total=videos.count(),
        slots=slots,
        uniform=settings.EXPLORE_UNIFORM,
        generator=_generator,
    )


def _ranked(chosen: ExplorationCandidate) -> Ranked:
    """The score of an exploration candidate is its propensity."""
    source = EXPLORE_UNIFORM if chosen.uniform else EXPLORE
    return Ranked(chosen.video_id, source, chosen.propensity)


def _with_features(
    candidates: Sequence[Ranked | None], request: Request, tier: int
) -> list[Ranked | None]:
    present = [item for item in candidates if item is not None]
    described = request.viewer.catalogue.describe([item.video_id for item in present])
    table = features.rows(request, {}, present, described, tier=tier)
    logged = iter(
        replace(item, logged=features.logged(row, request))
        for item, row in zip(present, table, strict=True)
    )
    return [None if item is None else next(logged) for item in candidates]
