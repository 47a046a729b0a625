"""Exploration: some places of a feed for new videos, by Thompson sampling, or for any.

Videos published within `EXPLORE_MAX_AGE` with fewer than `EXPLORE_MAX_IMPRESSIONS`
impressions are explored; a share `EXPLORE_UNIFORM` of the places is open to every
video. The counts in `ViewCounts` are some minutes old, which sampling tolerates.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from django.conf import settings
from django.db.models import Count, F, Value, Window
from django.db.models.functions import Coalesce, Random
from django.utils import timezone

from recommender.ml.ranking import slots as places
from recommender.ml.ranking import thompson
from recommender.ml.ranking.candidates import CandidateFeatures, CandidateSet, Ranked
from recommender.ml.ranking.thompson import DRAWS, ExplorationCandidate
from recommender.ranking import features
from recommender.retrieval.queries import describe
from recommender.retrieval.sources import EXPLORE, EXPLORE_UNIFORM
from recommender.retrieval.types import Request
from recommender.retrieval.viewer import Videos

SOURCES = (EXPLORE, EXPLORE_UNIFORM)
ARMS = 50  # new videos that compete at a time, those with the fewest impressions

_generator = np.random.default_rng()


def mix_in(
    best: Sequence[Ranked],
    request: Request,
    known: Mapping[int, CandidateFeatures],
    *,
    tier: int,
    offset: int,
) -> tuple[list[Ranked], dict[int, CandidateFeatures]]:
    """`best` with exploration candidates from the videos of `request` in some places.

    No video comes twice. Also returns the features of the candidates that are not
    `known`. `tier` is that of `best`, `offset` the length of the feed so far.
    """
    count = places.slot_count(len(best), offset=offset)
    chosen = choose(request.videos, count, ranked=[item.video_id for item in best])
    candidates = [None if item is None else _ranked(item) for item in chosen]
    new = {item.video_id for item in candidates if item} - known.keys()
    described = describe(request.videos, new) if new else {}
    explored = _with_features(candidates, request, {**known, **described}, tier)
    while True:
        moved = {item.video_id for item in explored if item is not None}
        rest = [item for item in best if item.video_id not in moved]
        mixed = places.interleave(rest, explored, offset=offset)
        if len(mixed) == len(rest) + len(moved):
            return mixed, described
        explored.pop()  # the videos that moved left one place too few


def choose(
    videos: Videos, slots: int, *, ranked: Collection[int]
) -> list[ExplorationCandidate | None]:
    """For each slot one of `videos`, or None: that place is left to the ranking.

    `ranked` videos are not explored, but a slot that is open to every video may get
    one of them.
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


def _ranked(chosen: ExplorationCandidate) -> Ranked:
    """The score of an exploration candidate is its propensity."""
    source = EXPLORE_UNIFORM if chosen.uniform else EXPLORE
    return Ranked(chosen.video_id, source, chosen.propensity)


def _with_features(
    candidates: Sequence[Ranked | None],
    request: Request,
    known: Mapping[int, CandidateFeatures],
    tier: int,
) -> list[Ranked | None]:
    present = [item for item in candidates if item is not None]
    table = features.rows(request, CandidateSet({}, known), present, tier=tier)
    logged = iter(
        replace(item, logged=features.logged(row, request))
        for item, row in zip(present, table, strict=True)
    )
    return [None if item is None else next(logged) for item in candidates]


def _arms(videos: Videos, ranked: set[int]) -> list[tuple[int, int, int]]:
    """Key, impressions and engagements of the new videos, without the `ranked`."""
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
    first = rows.values_list("pk", "shown", "engaged")[: ARMS + len(ranked)]
    return [row for row in first if row[0] not in ranked][:ARMS]


def _sample(videos: Videos, count: int) -> tuple[list[int], int]:
    """`count` random videos, and how many there are in all."""
    rows = videos.annotate(total=Window(Count("*"))).order_by(Random())
    drawn = list(rows.values_list("pk", "total")[:count])
    return [key for key, _ in drawn], drawn[0][1] if drawn else 0
