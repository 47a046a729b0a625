"""From many ranked lists to one: blended, diversified, with a few slots to explore.

Pure functions over candidates; no queries.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from recommender.ml.models.registry import MODELS
from recommender.retrieval.sources import Because, Candidate, Facts

RRF_K = 60  # Cormack et al. 2009: reciprocal rank fusion
WEIGHTS: Mapping[str, float] = defaultdict(
    lambda: 1.0,
    dict.fromkeys(MODELS, 4.0)  # whichever serves
    | {"similar": 1.5, "fresh": 0.4, "popular": 0.4, "trending": 0.8},
)
# Beside a video, what resembles it comes before what its viewer likes in general.
RELATED_WEIGHTS: Mapping[str, float] = defaultdict(
    lambda: 1.0, {"similar": 4.0, "same_category": 3.0, "popular": 0.2}
)
# The share of relevance in maximal marginal relevance: a feed is to be varied, the rail
# beside a video to stay with it.
RELEVANCE = 0.75
RELATED_RELEVANCE = 0.97
FORGETTING = 0.9  # how fast a video stops making later ones look redundant
CREATOR_WINDOW = 12
CREATOR_CAP = 2  # at most so many by one creator in a window, if there are others
EXPLORE_EVERY = 12  # one slot in twelve explores: 8%
EXPLORE_FIRST = 7

T = TypeVar("T")
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Noted:
    """What was known of a video when it was ranked, a row of `signals.of`, and who
    ranked it: the runs of the ranker (empty: fusion) and of the model (empty: none)."""

    row: npt.NDArray[np.float16]
    ranker: str = ""
    model_run: str = ""


@dataclass(frozen=True)
class Ranked:
    """A video in its place, the source that spoke most for it, the blended score.

    `noted` is there where it is to be kept.
    """

    video_id: int
    source: str
    score: float
    because: Because | None = None
    noted: Noted | None = field(default=None, compare=False)


def blend(
    lists: Mapping[str, Sequence[Candidate]], weights: Mapping[str, float] = WEIGHTS
) -> list[Ranked]:
    """Weighted reciprocal rank fusion; ties by key, so equal input gives equal output.

    The `source` of a video is the one that contributed most to its score.
    """
    total: dict[int, float] = defaultdict(float)
    leader: dict[int, tuple[float, Candidate]] = {}
    for name, candidates in lists.items():
        for rank, candidate in enumerate(candidates, start=1):
            part = weights[name] / (RRF_K + rank)
            key = candidate.video_id
            total[key] += part
            if key not in leader or part > leader[key][0]:
                leader[key] = part, candidate
    ranked = [
        Ranked(key, leader[key][1].source, score, leader[key][1].because)
        for key, score in total.items()
    ]
    return sorted(ranked, key=lambda r: (-r.score, r.video_id))


def reordered(
    ranked: Sequence[Ranked], scores: npt.NDArray[np.float32]
) -> list[Ranked]:
    """The list by falling `scores`, ties as they stood.

    Its own scores stay where they are, the greatest first: `diversify` weighs them, and
    how far another ranker's lie apart means nothing to it.
    """
    order = np.argsort(-scores, kind="stable")
    falling = sorted((item.score for item in ranked), reverse=True)
    return [
        replace(ranked[place], score=score)
        for place, score in zip(order, falling, strict=True)
    ]


def diversify(
    ranked: Sequence[Ranked],
    facts: Mapping[int, Facts],
    *,
    count: int,
    relevance: float = RELEVANCE,
    vectors: Vectors | None = None,
) -> list[Ranked]:
    """The first `count` by maximal marginal relevance (Carbonell & Goldstein 1998).

    The model's `vectors` (len(ranked), d) say how alike two videos are, and shared
    categories where one has none. Nothing is dropped: what is too much alike, or by a
    creator who filled their share of the window, comes later.
    """
    if not ranked:
        return []
    alike = _Likeness(category_vectors([facts[r.video_id] for r in ranked]), vectors)
    creators = [facts[r.video_id].creator_id for r in ranked]
    scores = np.array([r.score for r in ranked])
    scores = scores / scores.max()
    redundancy = np.zeros(len(ranked))
    left = np.ones(len(ranked), bool)
    recent: deque[int] = deque(maxlen=CREATOR_WINDOW - 1)
    chosen = []
    for _ in range(min(count, len(ranked))):
        value = relevance * scores - (1 - relevance) * redundancy
        full = {c for c in recent if recent.count(c) >= CREATOR_CAP}
        if full:
            value -= [2.0 if c in full else 0.0 for c in creators]
        place = int(np.argmax(np.where(left, value, -np.inf)))
        left[place] = False
        chosen.append(ranked[place])
        recent.append(creators[place])
        redundancy = np.maximum(FORGETTING * redundancy, alike.to(place))
    return chosen


class _Likeness:
    """How alike videos are, from 0 to 1."""

    def __init__(self, categories: Vectors, vectors: Vectors | None) -> None:
        self._categories = categories
        self._vectors = np.zeros((len(categories), 1)) if vectors is None else vectors
        self._known = np.asarray(self._vectors.any(axis=1))

    def to(self, place: int) -> Vectors:
        """(n,): of every video to the one at `place`."""
        shared: Vectors = self._categories @ self._categories[place]
        if not self._known[place]:
            return shared
        cosines = np.maximum(self._vectors @ self._vectors[place], 0)
        return np.where(self._known, cosines, shared).astype(np.float32)


def category_vectors(facts: Sequence[Facts]) -> Vectors:
    """(len(facts), labels): categories and parents as unit vectors."""
    labels: dict[tuple[str, int], int] = {}
    rows = [
        [
            labels.setdefault(label, len(labels))
            for label in (
                *(("category", key) for key in fact.categories),
                *(("parent", key) for key in fact.parents),
            )
        ]
        for fact in facts
    ]
    vectors = np.zeros((len(facts), max(1, len(labels))), np.float32)
    for row, places in enumerate(rows):
        vectors[row, places] = 1
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(norms == 0, 1, norms)).astype(np.float32)


def concatenate(lists: Iterable[Sequence[Candidate]]) -> list[Ranked]:
    """One list after the other, each video in its first place."""
    first: dict[int, Ranked] = {}
    for candidate in chain.from_iterable(lists):
        ranked = Ranked(
            candidate.video_id, candidate.source, candidate.score, candidate.because
        )
        first.setdefault(candidate.video_id, ranked)
    return list(first.values())


def slots(length: int, *, offset: int = 0) -> int:
    """In how many places `with_exploration` puts explorers among so many videos."""
    count, place = 0, offset
    for _ in range(length):
        if place % EXPLORE_EVERY == EXPLORE_FIRST:
            count += 1
            place += 1
        place += 1
    return count


def with_exploration(
    ranked: Sequence[T], explorers: Sequence[T | None], *, offset: int = 0
) -> list[T]:
    """`explorers` in every twelfth place; `offset` is how far the feed is already.

    None leaves a place to what is ranked. A feed that ends before the first such place
    explores nothing.
    """
    mixed: list[T] = []
    waiting = deque(explorers)
    for item in ranked:
        if waiting and (offset + len(mixed)) % EXPLORE_EVERY == EXPLORE_FIRST:
            explorer = waiting.popleft()
            if explorer is not None:
                mixed.append(explorer)
        mixed.append(item)
    return mixed
