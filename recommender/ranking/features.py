"""What is known of a video when it is ranked: the columns that a ranker learns from.

They are noted with the feed (`feature_log`), so that training sees what serving saw:
nothing that came out later can leak into them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log1p

import numpy as np
import numpy.typing as npt

from recommender.ranking.fusion import Noted, Ranked
from recommender.retrieval.sources import Candidate, Facts, Retrieval

LAYOUT = 1  # raise it with any change of the columns: older rows are then passed over

# What a row says of itself: its place in the feed (from 1), the chance that it had to
# get there (1 where it was ranked), which of the lists that make up the feed it is of.
OF_THE_ROW = ("position", "propensity", "tier")
LEARNED = "learned"  # whichever model serves
SCORED = (LEARNED, "similar", "category", "popular", "trending")
ORDERED = ("following", "fresh")  # by time alone, which `age` tells
NAMES: tuple[str, ...] = (
    *OF_THE_ROW,
    "fused",  # its reciprocal ranks, over the best of the list
    *(f"{source}_{what}" for source in SCORED for what in ("score", "rank")),
    *(f"{source}_rank" for source in ORDERED),
    "cosine",  # of the video's vector and the viewer's
    "affinity",  # interest in its categories, over the greatest interest
    "chosen",  # whether a parent category of it was picked
    "followed",  # whether its creator is followed
    "age",  # days since it was published
    "day",  # views of the last day, of 7, of 28, as log(1 + n)
    "week",
    "month",
    "duration",  # seconds, as log(1 + n)
)
COLUMN = {name: place for place, name in enumerate(NAMES)}
# What a ranker is shown: the chance and the tier are for weighing and for grouping.
FEATURES = tuple(name for name in NAMES if name not in ("propensity", "tier"))
SHOWN = [COLUMN[name] for name in FEATURES]

# Half precision halves the log; what is ranked is rounded alike, so it loses nothing.
Signals = npt.NDArray[np.float16]


def of(
    retrieval: Retrieval,
    lists: Mapping[str, Sequence[Candidate]],
    ranked: Sequence[Ranked],
    facts: Mapping[int, Facts],
    *,
    tier: int,
) -> Signals:
    """(len(ranked), len(NAMES)), NaN where a source does not know the video.

    The position is for `feature_log` to fill in. Without `lists` the videos are
    explorers, which nothing fused: their score is their propensity.
    """
    rows = np.full((len(ranked), len(NAMES)), np.nan, np.float32)
    if not len(ranked):
        return rows.astype(np.float16)
    keys = [item.video_id for item in ranked]
    rows[:, COLUMN["tier"]] = tier
    scores = np.array([item.score for item in ranked])
    rows[:, COLUMN["propensity"]] = 1 if lists else scores
    if lists:
        rows[:, COLUMN["fused"]] = scores / max(scores.max(), 1e-12)
    place = {key: row for row, key in enumerate(keys)}
    learned = retrieval.model.name if retrieval.model is not None else ""
    for name, candidates in lists.items():
        _of_source(rows, place, LEARNED if name == learned else name, candidates)
    rows[:, COLUMN["cosine"]] = _cosines(retrieval, keys)
    _of_facts(rows, retrieval, [facts[key] for key in keys])
    return rows.astype(np.float16)


def noted(row: Signals, retrieval: Retrieval, ranker: str = "") -> Noted:
    """A row with the runs that ranked it: `ranker`, empty for fusion, and the model."""
    model = retrieval.model
    return Noted(row, ranker, model.run if model is not None else "")


def _of_source(
    rows: npt.NDArray[np.float32],
    place: Mapping[int, int],
    source: str,
    candidates: Sequence[Candidate],
) -> None:
    """Ranks from 1, and scores from 0 (the list's least) to 1 (its greatest): what a
    model's own scores mean changes with the model."""
    found = [
        (place[candidate.video_id], rank)
        for rank, candidate in enumerate(candidates)
        if candidate.video_id in place
    ]
    if not found or f"{source}_rank" not in COLUMN:
        return
    row, rank = np.array(found).T
    rows[row, COLUMN[f"{source}_rank"]] = rank + 1
    if source in SCORED:
        scores = np.array([candidate.score for candidate in candidates])
        low, high = scores.min(), scores.max()
        scaled = (scores - low) / (high - low) if high > low else np.ones(len(scores))
        rows[row, COLUMN[f"{source}_score"]] = scaled[rank]


def _cosines(retrieval: Retrieval, keys: Sequence[int]) -> npt.NDArray[np.float32]:
    nothing = np.full(len(keys), np.nan, np.float32)
    if retrieval.model is None or retrieval.viewer.pk is None:
        return nothing
    vectors = retrieval.model.item_vectors(keys)
    taste = retrieval.viewer.taste(retrieval.model)
    if vectors is None or taste is None or not taste.any():
        return nothing
    return np.where(vectors.any(1), vectors @ taste, np.nan).astype(np.float32)


def _of_facts(
    rows: npt.NDArray[np.float32], retrieval: Retrieval, facts: Sequence[Facts]
) -> None:
    viewer = retrieval.viewer
    interests, chosen, followed = viewer.interests, viewer.chosen, viewer.followed
    greatest = max(interests.values(), default=1.0)
    rows[:, [COLUMN[name] for name in _OF_FACTS]] = [
        (
            max((interests.get(key, 0.0) for key in fact.categories), default=0.0)
            / greatest,
            not fact.parents.isdisjoint(chosen),
            fact.creator_id in followed,
            fact.age.total_seconds() / 86_400,
            *(log1p(views) for views in fact.views),
            log1p(fact.duration),
        )
        for fact in facts
    ]


_OF_FACTS = (
    "affinity", "chosen", "followed", "age", "day", "week", "month", "duration",
)  # fmt: skip
