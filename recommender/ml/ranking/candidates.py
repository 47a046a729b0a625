"""Candidates of a feed, before and after they are ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Evidence:
    """The user action that caused a candidate.

    `kind` is watched, liked, follows, category or parent; `pk` is the key of the video,
    creator, category or parent category.
    """

    kind: str
    pk: int


@dataclass(frozen=True)
class Candidate:
    """A video with the source that found it and the score that the source gave it."""

    video_id: int
    source: str
    score: float
    evidence: Evidence | None = None


@dataclass(frozen=True)
class CandidateFeatures:
    """Properties of a video that ranking and reasons use."""

    creator_id: int
    age: timedelta
    categories: frozenset[int]
    parents: frozenset[int]
    duration: float = 0.0  # seconds
    views: tuple[int, int, int] = (0, 0, 0)  # of the last day, 7 days, 28 days


@dataclass(frozen=True)
class CandidateSet:
    """Ranked candidates by source name, and the features of each video by key."""

    by_source: Mapping[str, Sequence[Candidate]]
    features: Mapping[int, CandidateFeatures]


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
