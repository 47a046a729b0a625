"""Ranking features: the columns that a ranker learns from, and their log.

They are logged with the feed, so that training reads what serving computed: nothing
that happened later can leak into them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.utils import timezone

from interactions import asynchronous_commit
from recommender.ml.data.catalogue import VideoFeatures
from recommender.ml.data.snapshot import IntArray
from recommender.ml.ranking.candidates import Candidates, LoggedFeatures, Ranked
from recommender.models import FeatureLog
from recommender.retrieval.sources import SOURCES
from recommender.retrieval.types import Request
from recommender.retrieval.viewer import Viewer

LAYOUT = 1  # raise it with any change of the columns: rows of others are not read

# Columns about the row: its position in the feed (from 1), its propensity (the
# probability that it got this position, 1 where it was ranked), and the number of the
# ranked list that it belongs to.
OF_THE_ROW = ("position", "propensity", "tier")
_WITH_COLUMNS = sorted(
    (source for source in SOURCES.values() if source.column is not None),
    key=lambda source: source.column or 0,
)
NAMES: tuple[str, ...] = (
    *OF_THE_ROW,
    "fused",  # its fused score, over the best of the list
    *(
        f"{source.name}_{what}"
        for source in _WITH_COLUMNS
        for what in (("score", "rank") if source.scored else ("rank",))
    ),
    "cosine",  # of the video's vector and the viewer's
    "affinity",  # interest in its categories, over the greatest interest
    "chosen",  # whether one of its parent categories is a chosen interest
    "followed",  # whether its creator is followed
    "age",  # days since it was published
    "day",  # views of the last day, of 7, of 28, as log(1 + n)
    "week",
    "month",
    "duration",  # seconds, as log(1 + n)
)
COLUMN = {name: place for place, name in enumerate(NAMES)}
# The input of a ranker. Propensity weighs the rows, the tier groups them.
FEATURES = tuple(name for name in NAMES if name not in ("propensity", "tier"))
SHOWN = [COLUMN[name] for name in FEATURES]
OF_THE_VIDEO = (
    *("affinity", "chosen", "followed", "age", "day", "week", "month", "duration"),
)

# Half precision halves the log. Ranking uses the same rounded values.
FeatureRows = npt.NDArray[np.float16]


def rows(
    request: Request,
    found: Mapping[str, Candidates],
    ranked: Sequence[Ranked],
    features: VideoFeatures,
    *,
    tier: int,
) -> FeatureRows:
    """(len(ranked), len(NAMES)), NaN where a source does not have the video.

    `features` are those of `ranked`, in this order. `write` sets the position.
    Exploration candidates have no sources and are not fused: their score is their
    propensity.
    """
    table = np.full((len(ranked), len(NAMES)), np.nan, np.float32)
    if not len(ranked):
        return table.astype(np.float16)
    table[:, COLUMN["tier"]] = tier
    scores = np.array([item.score for item in ranked])
    table[:, COLUMN["propensity"]] = 1 if found else scores
    if found:
        table[:, COLUMN["fused"]] = scores / max(scores.max(), 1e-12)
    for name, candidates in found.items():
        _set_source(table, features.keys, name, candidates)
    table[:, COLUMN["cosine"]] = _cosines(request, features.keys)
    table[:, [COLUMN[name] for name in OF_THE_VIDEO]] = _of_videos(request, features)
    return table.astype(np.float16)


def logged(row: FeatureRows, request: Request, ranker: str = "") -> LoggedFeatures:
    """A row with the runs that ranked it: `ranker`, empty for fusion, and the model."""
    model = request.model
    return LoggedFeatures(row, ranker, model.run if model is not None else "")


def write(
    feed_id: UUID, viewer: Viewer, items: Sequence[tuple[int, int, LoggedFeatures]]
) -> None:
    """Store (position, video key, features) of the videos that a feed will show.

    Stores nothing about users who switched recording off, as with their impressions.
    """
    user = viewer.user
    if user.is_authenticated and not user.record_history:
        return
    by_runs = defaultdict(list)
    for position, video_id, features in items:
        row = features.row.copy()
        row[COLUMN["position"]] = position
        by_runs[features.ranker, features.model_run].append((video_id, row))
    asynchronous_commit.insert(
        FeatureLog,
        (
            {
                "feed_id": feed_id,
                "user_id": viewer.pk,
                "ranker": ranker,
                "model_run": model_run,
                "layout": LAYOUT,
                "video_ids": [video_id for video_id, _ in of_runs],
                "signals": to_bytes(np.stack([row for _, row in of_runs])),
                "settled": False,
                "created_at": timezone.now(),
            }
            for (ranker, model_run), of_runs in by_runs.items()
        ),
    )


def to_bytes(table: FeatureRows) -> bytes:
    """The rows as `FeatureLog.signals` stores them."""
    return table.astype("<f2").tobytes()


def _set_source(
    table: npt.NDArray[np.float32], keys: IntArray, source: str, found: Candidates
) -> None:
    """Set ranks from 1, and scores from 0 (the least of the list) to 1 (its greatest).

    Scores are scaled because the scale of a model's scores changes with the model.
    """
    if not len(found) or f"{source}_rank" not in COLUMN:
        return
    order = np.argsort(found.keys)
    place = np.minimum(np.searchsorted(found.keys, keys, sorter=order), len(found) - 1)
    rank = order[place]
    row = np.flatnonzero(found.keys[rank] == keys)
    rank = rank[row]
    table[row, COLUMN[f"{source}_rank"]] = rank + 1
    if SOURCES[source].scored:
        scores = found.scores
        low, high = scores.min(), scores.max()
        scaled = (scores - low) / (high - low) if high > low else np.ones(len(scores))
        table[row, COLUMN[f"{source}_score"]] = scaled[rank]


def _cosines(request: Request, keys: IntArray) -> npt.NDArray[np.float32]:
    nothing = np.full(len(keys), np.nan, np.float32)
    if request.model is None or request.viewer.pk is None:
        return nothing
    vectors = request.model.item_vectors(keys)
    taste = request.viewer.taste(request.model)
    if vectors is None or taste is None or not taste.any():
        return nothing
    return np.where(vectors.any(1), vectors @ taste, np.nan).astype(np.float32)


def _of_videos(request: Request, features: VideoFeatures) -> npt.NDArray[np.float64]:
    """(n, len(OF_THE_VIDEO)): the columns of each video."""
    viewer = request.viewer
    owner, category = features.categories
    interest = np.array([viewer.interests.get(key, 0.0) for key in category.tolist()])
    affinity = np.zeros(len(features))
    np.maximum.at(affinity, owner, interest)
    affinity /= max(viewer.interests.values(), default=1.0)
    chosen = np.zeros(len(features))
    owner, parent = features.parents
    chosen[owner[np.isin(parent, list(viewer.chosen))]] = 1
    age = np.maximum(timezone.now().timestamp() - features.published, 0) / 86_400
    return np.column_stack(
        [
            affinity,
            chosen,
            np.isin(features.creators, list(viewer.followed)),
            age,
            np.log1p(features.views),
            np.log1p(features.durations),
        ]
    )
