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
    source = np.repeat(np.arange(len(names)), sizes)
    first = np.cumsum([0, *sizes])
    ranked = []
    for place in order.tolist():
        at = int(leader[place])
        name = names[source[at]]
        remaining = lists[name].remaining
        if remaining is not None and at - first[source[at]] >= remaining:
            name = fillers
        ranked.append(_ranked(found, at, name, float(total[place])))
    return ranked


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
    first: dict[int, Ranked] = {}
    for name, found in lists:
        for place, key in enumerate(found.keys.tolist()):
            if len(first) == count:
                break
            if key not in first:
                filler = found.remaining is not None and place >= found.remaining
                source = fillers if filler else name
                score = float(found.scores[place])
                first[key] = _ranked(found, place, source, score)
    return list(first.values())


def _ranked(found: Candidates, place: int, source: str, score: float) -> Ranked:
    kind = KINDS[found.kinds[place]]
    evidence = Evidence(kind, int(found.evidence[place])) if kind else None
    return Ranked(int(found.keys[place]), source, score, evidence)
