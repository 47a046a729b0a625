"""Reciprocal rank fusion: several ranked lists to one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recommender.ml.ranking.candidates import KINDS, Candidates, Evidence, Ranked

RRF_K = 60  # Cormack et al. 2009: reciprocal rank fusion


def fuse(
    lists: Mapping[str, Candidates],
    weights: Mapping[str, float],
    *,
    count: int | None = None,
    fillers: str = "",
) -> list[Ranked]:
    """The first `count` by weighted reciprocal rank fusion; ties are ordered by key.

    A list without a weight counts once. The `source` and `evidence` of a video are
    those of the candidate that contributed most to its score; `fillers` is the source
    of candidates that only fill up their list.
    """
    names = [name for name, found in lists.items() if len(found)]
    if not names:
        return []
    found = Candidates.joined([lists[name] for name in names])
    part = np.concatenate(
        [
            weights.get(name, 1.0) / (RRF_K + np.arange(1, len(lists[name]) + 1))
            for name in names
        ]
    )
    sizes = [len(lists[name]) for name in names]
    keys, owner = np.unique(found.keys, return_inverse=True)
    total = np.bincount(owner, weights=part, minlength=len(keys))
    # The first of those that contributed most: a stable sort keeps the order of lists.
    by_part = np.lexsort((-part, owner))
    leader = by_part[np.searchsorted(owner[by_part], np.arange(len(keys)))]
    order = np.lexsort((keys, -total))[:count]
    leaders = leader[order]
    source = np.searchsorted(np.cumsum(sizes), leaders, "right")
    within = leaders - np.cumsum([0, *sizes])[source]
    remaining = [lists[name].remaining for name in names]
    filler = within >= np.array([np.inf if n is None else n for n in remaining])[source]
    labels = [*names, fillers]
    return _ranked(
        found.at(leaders),
        [labels[at] for at in np.where(filler, len(names), source).tolist()],
        total[order].tolist(),
    )


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


def concatenate(
    lists: Iterable[tuple[str, Candidates]], *, count: int, fillers: str = ""
) -> list[Ranked]:
    """One list after the other, up to `count`, each video in its first place."""
    found, sources = [], []
    for name, candidates in lists:
        found.append(candidates)
        real = len(candidates)
        if candidates.remaining is not None:
            real = min(real, candidates.remaining)
        sources += [name] * real + [fillers] * (len(candidates) - real)
    joined = Candidates.joined(found)
    first = np.sort(np.unique(joined.keys, return_index=True)[1])[:count]
    kept = joined.at(first)
    names = [sources[place] for place in first.tolist()]
    return _ranked(kept, names, kept.scores.tolist())


def _ranked(
    found: Candidates, sources: Iterable[str], scores: Iterable[float]
) -> list[Ranked]:
    """The candidates with these sources and scores."""
    return [
        Ranked(key, source, score, Evidence(KINDS[kind], pk) if kind else None)
        for key, source, score, kind, pk in zip(
            found.keys.tolist(),
            sources,
            scores,
            found.kinds.tolist(),
            found.evidence.tolist(),
            strict=True,
        )
    ]
