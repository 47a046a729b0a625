"""The catalogue read from PostgreSQL, and kept as a folder of arrays.

A job builds it every few minutes; `registry.catalogue` serves it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, Sum
from django.utils import timezone

from accounts.moods import Mood
from interactions.models import Engagement
from recommender.ml.data.catalogue import Label, Part, Rows
from recommender.ml.data.snapshot import IntArray
from recommender.ml.store.atomic_folder import new_folder
from videos.models import Category, ParentCategory, Video, VideoMood
from videos.moods.store import trusted_strength

MOODS = tuple(Mood.values)
TRENDING_WINDOW = timedelta(days=7)
KEPT = 3  # folders; processes may still read those before the newest
AT_ONCE = 20_000  # rows read from PostgreSQL

Labels = tuple[dict[int, Label], dict[int, Label]]  # categories, parent categories


def build(keys: Collection[int] | None = None) -> Part:
    """The listed videos, or those of them with one of `keys`."""
    now = timezone.now()
    with transaction.atomic():
        return Part.build(
            _rows(keys, now),
            at=now.timestamp(),
            new=settings.EXPLORE_MAX_AGE.total_seconds(),
        )


def labels() -> Labels:
    """The names of all categories and parent categories, by key."""
    return (
        {
            pk: Label(name, parent)
            for pk, name, parent in Category.objects.values_list(
                "pk", "name", "parent_category"
            )
        },
        {
            pk: Label(name)
            for pk, name in ParentCategory.objects.values_list("pk", "name")
        },
    )


def store() -> Path:
    """Build the catalogue and write its folder; returns the folder."""
    part, (categories, parents) = build(), labels()
    root = settings.CATALOGUE_DIR
    folder = root / f"{part.built_at:.6f}"
    with new_folder(folder) as unfinished:
        for name, array in part.arrays().items():
            np.save(unfinished / f"{name}.npy", array, allow_pickle=False)
        names = {
            "categories": {
                key: [one.name, one.parent] for key, one in categories.items()
            },
            "parents": {key: [one.name, None] for key, one in parents.items()},
        }
        (unfinished / "labels.json").write_text(json.dumps(names))
    for old in folders()[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def folders() -> list[Path]:
    """The folders of stored catalogues, the newest first."""
    root = settings.CATALOGUE_DIR
    if not root.is_dir():
        return []
    found = [path for path in root.iterdir() if not path.name.startswith(".")]
    return sorted(found, key=built_at, reverse=True)


def built_at(folder: Path) -> float:
    """When the catalogue of a folder was built, in Unix seconds."""
    return float(folder.name)


def load(folder: Path) -> tuple[Part, Labels]:
    """The catalogue of a folder, its arrays memory-mapped; raises `OSError`."""

    def array(name: str) -> npt.NDArray[Any]:
        path = folder / f"{name}.npy"
        try:
            found = np.load(path, mmap_mode="r", allow_pickle=False)
        except ValueError:  # an empty array cannot be memory-mapped
            found = np.load(path, allow_pickle=False)
        return np.asarray(found)  # a memmap is slow to index

    names = json.loads((folder / "labels.json").read_text())
    categories, parents = (
        {int(key): Label(*label) for key, label in names[level].items()}
        for level in ("categories", "parents")
    )
    return Part.from_arrays(array), (categories, parents)


def _rows(keys: Collection[int] | None, now: datetime) -> Rows:
    videos, of_videos = Video.objects.listed(), Q()
    if keys is not None:
        videos, of_videos = videos.filter(pk__in=keys), Q(video__in=keys)
    columns = _columns(
        videos.order_by("pk")
        .values_list(
            *("pk", "creator_id", "published_at", "duration", "engagement"),
            *("view_counts__day", "view_counts__week", "view_counts__month"),
            *("view_counts__impressions", "view_counts__engaged"),
        )
        .iterator(AT_ONCE),
        now,
    )
    ids = columns[:, 0].astype(np.int64)
    trend = np.zeros(len(ids), np.float32)
    keys, sums = _trends(of_videos, now)
    place = np.searchsorted(ids, keys)
    known = place < len(ids)
    known[known] = ids[place[known]] == keys[known]
    trend[place[known]] = sums[known]
    moods, strengths = _moods(of_videos, ids)
    return Rows(
        ids=ids,
        creators=columns[:, 1].astype(np.int64),
        published=columns[:, 2],
        durations=columns[:, 3].astype(np.float32),
        engagement=columns[:, 4],
        trend=trend,
        views=columns[:, 5:8].astype(np.int32),
        shown=columns[:, 8].astype(np.int32),
        engaged=columns[:, 9].astype(np.int32),
        categories=_labelled(Video.categories.through, "category_id", of_videos, ids),
        parents=_labelled(
            Video.parent_categories.through, "parentcategory_id", of_videos, ids
        ),
        moods=moods,
        strengths=strengths,
    )


def _columns(rows: Iterable[Sequence[Any]], now: datetime) -> npt.NDArray[np.float64]:
    """(n, 10): keys below 2^53 are exact."""
    blocks, block = [np.empty((0, 10))], []
    for row in rows:
        block.append(
            (*row[:2], (row[2] or now).timestamp(), *(value or 0 for value in row[3:]))
        )
        if len(block) == AT_ONCE:
            blocks.append(np.array(block, np.float64))
            block = []
    if block:
        blocks.append(np.array(block, np.float64))
    return np.concatenate(blocks)


def _trends(of_videos: Q, now: datetime) -> tuple[IntArray, npt.NDArray[np.float64]]:
    """Videos whose audience of the last days engaged with them, and how much."""
    rows = (
        Engagement.objects.filter(of_videos, last_at__gte=now - TRENDING_WINDOW)
        .filter(score__gt=0)
        .order_by()
        .values_list("video_id")
        .annotate(total=Sum("score"))
    )
    # No cursor: PostgreSQL would plan for the first rows.
    table = np.array(list(rows), np.float64).reshape(-1, 2)
    return table[:, 0].astype(np.int64), table[:, 1]


def _labelled(through: Any, label: str, of_videos: Q, ids: IntArray) -> IntArray:
    """(2, m): pairs of a video and its category, for the videos of `ids`."""
    rows = through.objects.filter(of_videos)
    pairs = np.array(
        list(rows.values_list("video_id", label).iterator(AT_ONCE)), np.int64
    ).reshape(-1, 2)
    return pairs[np.isin(pairs[:, 0], ids)].T


def _moods(of_videos: Q, ids: IntArray) -> tuple[IntArray, npt.NDArray[np.float32]]:
    """(2, m) pairs of a video and a place in `MOODS`, and (m,) strengths."""
    rows = (
        VideoMood.objects.filter(of_videos, mood__in=MOODS)
        .order_by()
        .values_list("video_id", "mood")
        .annotate(best=Max(trusted_strength()))
    )
    table = np.array(
        [
            (video, MOODS.index(mood), best)
            for video, mood, best in rows.iterator(AT_ONCE)
        ],
        np.float64,
    ).reshape(-1, 3)
    table = table[(table[:, 2] > 0) & np.isin(table[:, 0], ids)]
    return table[:, :2].T.astype(np.int64), table[:, 2].astype(np.float32)
