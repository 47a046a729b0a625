"""Reciprocal rank fusion: several ranked lists to one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
import numpy.typing as npt

from recommender.ml.ranking.candidates import Candidate, Ranked

RRF_K = 60  # Cormack et al. 2009: reciprocal rank fusion


def fuse(
    lists: Mapping[str, Sequence[Candidate]], weights: Mapping[str, float]
) -> list[Ranked]:
    """Weighted reciprocal rank fusion, best first; ties are ordered by key.

    A list without a weight counts once. The `source` and `evidence` of a video are
    those of the candidate that contributed most to its score.
    """
    total: dict[int, float] = defaultdict(float)
    leader: dict[int, tuple[float, Candidate]] = {}
    for name, candidates in lists.items():
        weight = weights.get(name, 1.0)
        for rank, candidate in enumerate(candidates, start=1):
            part = weight / (RRF_K + rank)
            key = candidate.video_id
            total[key] += part
            if key not in leader or part > leader[key][0]:
                leader[key] = part, candidate
    ranked = [
        replace(_ranked(leader[key][1]), score=score) for key, score in total.items()
    ]
    return sorted(ranked, key=lambda r: (-r.score, r.video_id))


def reorder(ranked: Sequence[Ranked], scores: npt.NDArray[np.float32]) -> list[Ranked]:
    """The list by falling `scores` (len(ranked),); ties keep their order.

    The fused scores stay in their places, the greatest first, because `diversify`
    weighs them and the scale of another ranker has no meaning there.
    """
    order = np.argsort(-scores, kind="stable")
    falling = sorted((item.score for item in ranked), reverse=True)
    return [
        replace(ranked[place], score=score)
        for place, score in zip(order, falling, strict=True)
    ]


def concatenate(lists: Iterable[Sequence[Candidate]]) -> list[Ranked]:
    """One list after the other, each video in its first place."""
    first: dict[int, Ranked] = {}
    for candidate in chain.from_iterable(lists):
        first.setdefault(candidate.video_id, _ranked(candidate))
    return list(first.values())


def _ranked(candidate: Candidate) -> Ranked:
    return Ranked(
        candidate.video_id, candidate.source, candidate.score, candidate.evidence
    )
