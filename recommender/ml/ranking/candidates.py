"""Candidates of a feed, before and after they are ranked."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from recommender.ml.data.selection import Ordered
from recommender.ml.data.snapshot import IntArray

# Kinds of evidence by the numbers that `Candidates.kinds` holds; 0 is none.
KINDS = ("", "watched", "liked", "follows", "category", "parent")
KIND = {name: number for number, name in enumerate(KINDS)}


@dataclass(frozen=True)
class Evidence:
    """The user action that caused a candidate.

    `kind` is one of `KINDS`; `pk` is the key of the video, creator, category or parent
    category.
    """

    kind: str
    pk: int


@dataclass(frozen=True, eq=False)
class Candidates:
    """The videos that one source found, the best first, with its scores.

    The evidence of each is its kind, a number of `KINDS`, and its key. `remaining` is
    the place from which on videos only fill up the list.
    """

    keys: IntArray
    scores: npt.NDArray[np.float64]
    kinds: IntArray
    evidence: IntArray
    remaining: int | None = None

    @classmethod
    def of(
        cls,
        found: Ordered,
        kind: str = "",
        evidence: npt.ArrayLike = 0,
        remaining: int | None = None,
    ) -> Candidates:
        """The videos `found`, all with evidence of one kind."""
        n = len(found)
        return cls(
            found.keys,
            found.scores,
            np.full(n, KIND[kind]),
            np.broadcast_to(np.asarray(evidence, np.int64), n),
            remaining,
        )

    @classmethod
    def joined(cls, lists: list[Candidates]) -> Candidates:
        """One list after the other."""
        if not lists:
            return cls.of(Ordered.nothing())
        return cls(
            np.concatenate([one.keys for one in lists]),
            np.concatenate([one.scores for one in lists]),
            np.concatenate([one.kinds for one in lists]),
            np.concatenate([one.evidence for one in lists]),
        )

    def __len__(self) -> int:
        return len(self.keys)

    def at(self, places: IntArray) -> Candidates:
        """Those at some places, in their order."""
        return Candidates(
            self.keys[places],
            self.scores[places],
            self.kinds[places],
            self.evidence[places],
            self.remaining,
        )

    def first_of_each(self) -> Candidates:
        """The first candidate of each video."""
        _, first = np.unique(self.keys, return_index=True)
        return self.at(np.sort(first))


@dataclass(frozen=True, eq=False)
class LoggedFeatures:
    """A row of ranking features, with the runs that ranked the video.

    `ranker` is empty for rank fusion, `model_run` is empty without a model.
    """

    row: npt.NDArray[np.float16]
    ranker: str = ""
    model_run: str = ""


@dataclass(frozen=True)
class Ranked:
    """A video in its place of a feed.

    `source` contributed most to the fused `score`. `logged` is None for videos whose
    features are not logged.
    """

    video_id: int
    source: str
    score: float
    evidence: Evidence | None = None
    logged: LoggedFeatures | None = field(default=None, compare=False)
